#pragma once

#include <filesystem>
#include <string>

#include "tests/support/subprocess.h"

namespace nmn::cli {

// A run directory whose episode e (from 0) has raw return base + e and discounted return half of that; 2 episodes an
// update. `ppo` is more of that part of its config, as text. Its run_id is its name.
inline std::string MakeRun(const testing::TemporaryDirectory& folder, const std::string& name, int seed, int episodes,
                           double base, const std::string& benchmark = "b1", const std::string& ppo = "") {
  const std::string path = folder.path() + "/" + name;
  std::filesystem::create_directories(path);
  testing::WriteFile(path + "/config.textproto",
                     "benchmark: \"" + benchmark + "\"\npreset: \"reference\"\nseed: " + std::to_string(seed) +
                         "\nenv { horizon: 1400 domain: DOMAIN_REFERENCE }\nnetwork { architecture: NMN }\n"
                         "ppo { episodes_per_update: 2 discount: 0.998 " +
                         ppo + " }\n");
  std::string rows = "update,episode,return,discounted_return,distance\n", metrics;
  for (int e = 0; e < episodes; ++e) {
    rows += std::to_string(e / 2 + 1) + "," + std::to_string(e % 2) + "," + std::to_string(base + e) + "," +
            std::to_string((base + e) / 2) + ",0\n";
    if (e % 2 == 1) {
      metrics += "{\"update\": " + std::to_string(e / 2 + 1) +
                 ", \"adaptation\": {\"0\": -5, \"1\": " + std::to_string(e) + ", \"1399\": 9}}\n";
    }
  }
  testing::WriteFile(path + "/episodes.csv", rows);
  testing::WriteFile(path + "/metrics.jsonl", metrics);
  testing::WriteFile(path + "/summary.json", "{\"run_id\": \"" + name + "\", \"wall_seconds\": 12.5, \"episodes\": " +
                                                 std::to_string(episodes) + "}\n");
  return path;
}

}  // namespace nmn::cli
