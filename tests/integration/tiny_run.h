#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/subprocess.h"

namespace nmn::testing {

// Flags of a run of seconds: benchmark 1 cut to short episodes, with everything else as preset `reference`.
inline std::vector<std::string> TinyFlags(int updates, const std::string& benchmark = "b1") {
  std::vector<std::string> flags = {"--benchmark=" + benchmark, "--preset=reference",
                                    "--updates=" + std::to_string(updates)};
  for (const char* assignment : {"env.horizon=120", "ppo.kept_steps=80", "ppo.segment_steps=40",
                                 "ppo.episodes_per_update=20", "ppo.critic.replay_episodes=60", "ppo.policy.epochs=3",
                                 "ppo.critic.epochs=2", "work.unit_episodes=4", "checkpoint.every_updates=3"}) {
    flags.push_back("--set");
    flags.push_back(assignment);
  }
  return flags;
}

// "nmn train" with those flags, in `directory`.
inline std::vector<std::string> TinyTrain(const std::string& directory, int updates, std::vector<std::string> more = {},
                                          const std::string& benchmark = "b1") {
  std::vector<std::string> arguments = {Binary("nmn"), "train", "--run_dir=" + directory, "--no_figure"};
  const std::vector<std::string> flags = TinyFlags(updates, benchmark);
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

// "nmn sweep" of such runs, in `directory`.
inline std::vector<std::string> TinySweep(const std::string& directory, const std::string& seeds, int updates,
                                          const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments = {Binary("nmn"), "sweep", directory, "--seeds=" + seeds};
  const std::vector<std::string> flags = TinyFlags(updates);
  arguments.insert(arguments.end(), flags.begin(), flags.end());
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

inline nlohmann::json ReadSummary(const std::string& directory) {
  const std::string text = ReadFile(directory + "/summary.json");
  EXPECT_FALSE(text.empty()) << "no summary.json in " << directory;
  return text.empty() ? nlohmann::json() : nlohmann::json::parse(text);
}

inline std::string WeightsHash(const std::string& directory) {
  const nlohmann::json summary = ReadSummary(directory);
  return summary.contains("weights_sha256") ? summary["weights_sha256"].get<std::string>() : "";
}

// The lines of metrics.jsonl, in order.
inline std::vector<nlohmann::json> ReadMetrics(const std::string& directory) {
  std::vector<nlohmann::json> updates;
  std::istringstream lines(ReadFile(directory + "/metrics.jsonl"));
  for (std::string line; std::getline(lines, line);) updates.push_back(nlohmann::json::parse(line));
  return updates;
}

// Values of `update` in metrics.jsonl, in the order of its lines.
inline std::vector<int> UpdatesInMetrics(const std::string& directory) {
  std::vector<int> updates;
  for (const nlohmann::json& metrics : ReadMetrics(directory)) updates.push_back(metrics["update"].get<int>());
  return updates;
}

// Blocks until metrics.jsonl has the line of `update` or the process ends; whether it has.
bool WaitForUpdate(Subprocess& process, const std::string& directory, int update);

}  // namespace nmn::testing
