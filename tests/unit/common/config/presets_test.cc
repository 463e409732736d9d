#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "common/config/config.h"
#include "common/config/preset_files.h"
#include "common/env/environment.h"

namespace nmn::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

constexpr double kPi = 3.14159265358979323846;
const std::vector<std::string> kBenchmarks = env::BenchmarkNames();
const char* const kArchitectures[] = {"nmn", "rnn"};

v1::RunConfig Get(const std::string& preset, const std::string& benchmark, const std::string& architecture) {
  auto config = Preset(preset, benchmark, architecture);
  EXPECT_TRUE(config.ok()) << config.status();
  return *config;
}

class EveryPreset : public ::testing::TestWithParam<std::string> {
 protected:
  v1::RunConfig config() const {
    const std::string& name = GetParam();  // "reference-b1-nmn"
    const size_t first = name.find('-'), last = name.rfind('-');
    return Get(name.substr(0, first), name.substr(first + 1, last - first - 1), name.substr(last + 1));
  }
};

TEST_P(EveryPreset, IsValid) { EXPECT_TRUE(Validate(config()).ok()) << Validate(config()); }

TEST_P(EveryPreset, SurvivesPrintAndParse) {
  const auto again = Parse(Print(config()), "printed");
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(again->SerializeAsString(), config().SerializeAsString());
}

TEST_P(EveryPreset, CarriesItsOwnName) {
  const v1::RunConfig config = this->config();
  const std::string architecture = config.network().architecture() == v1::NMN ? "nmn" : "rnn";
  EXPECT_EQ(config.preset() + "-" + config.benchmark() + "-" + architecture, GetParam());
}

INSTANTIATE_TEST_SUITE_P(Presets, EveryPreset, ::testing::ValuesIn(PresetNames()), [](const auto& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(Presets, EveryBenchmarkHasEachOfThemForBothNetworks) {
  std::vector<std::string> expected;
  for (const char* preset : {"fast", "paper", "reference"}) {
    for (const std::string& benchmark : kBenchmarks) {
      for (const char* architecture : kArchitectures)
        expected.push_back(std::string(preset) + "-" + benchmark + "-" + architecture);
    }
  }
  EXPECT_THAT(PresetNames(), ::testing::IsSupersetOf(expected));
}

TEST(Presets, EveryTaskHasOneForBothNetworks) {
  for (const std::string& task : env::TaskNames()) {
    for (const char* architecture : kArchitectures)
      EXPECT_TRUE(Preset(UsualPreset(task), task, architecture).ok()) << task << " " << architecture;
  }
  EXPECT_EQ(UsualPreset("b1"), "fast");
  EXPECT_EQ(Get("default", "b1", "rnn").SerializeAsString(), Get("fast", "b1", "rnn").SerializeAsString());
  EXPECT_EQ(UsualPreset("bandit"), "default");
}

TEST(Presets, AreOfTheCommittedFiles) {
  std::map<std::string, std::string> built;
  for (const PresetFile& file : PresetFiles()) built.emplace(file.path, file.text);
  const std::filesystem::path folder = "deploy/presets";
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
    if (!file.is_regular_file()) continue;
    const std::string path = std::filesystem::relative(file.path(), folder).replace_extension();
    std::stringstream text;
    text << std::ifstream(file.path()).rdbuf();
    EXPECT_EQ(built[path], text.str()) << path;
    built.erase(path);
  }
  EXPECT_THAT(built, IsEmpty());
}

// A file whose name nobody asks for would be read by nobody.
TEST(Presets, EveryFileIsPartOfOne) {
  std::set<std::string> parts = {"base"};
  std::vector<std::string> names = PresetNames();
  for (const char* kind : {"own/box", "own/choices"}) {
    for (const char* architecture : kArchitectures)
      names.push_back(std::string("default-") + kind + "-" + architecture);
  }
  for (const std::string& name : names) {
    const size_t first = name.find('-'), last = name.rfind('-');
    const std::string preset = name.substr(0, first), task = name.substr(first + 1, last - first - 1);
    const std::string architecture = name.substr(last + 1);
    parts.insert({"arch/" + architecture, "task/" + task, "task/" + task + "/" + architecture, "preset/" + preset,
                  "preset/" + preset + "/" + task, "preset/" + preset + "/" + task + "/" + architecture});
  }
  for (const PresetFile& file : PresetFiles()) EXPECT_TRUE(parts.contains(std::string(file.path))) << file.path;
}

// The order of the files, seen on fields that several of them give.
TEST(Presets, ALaterFileTakesThePlaceOfAnEarlierOne) {
  const v1::RunConfig nmn = Get("fast", "b1", "nmn"), rnn = Get("fast", "b1", "rnn");
  EXPECT_THAT(rnn.network().hidden_sizes(), ElementsAre(20, 10)) << "task/b1";
  EXPECT_THAT(nmn.network().hidden_sizes(), ElementsAre(10)) << "task/b1/nmn, a list, has replaced that of task/b1";
  EXPECT_EQ(nmn.ppo().policy().epochs(), 3u) << "base";
  EXPECT_EQ(nmn.ppo().critic().epochs(), 4u) << "preset/fast, over base";
  EXPECT_EQ(nmn.ppo().kept_steps(), 200u) << "preset/fast/b1, over task/b1";
  EXPECT_EQ(rnn.ppo().adam().critic_beta1(), 0.9) << "preset/fast/b1/rnn";
  EXPECT_EQ(nmn.ppo().adam().critic_beta1(), 0) << "preset/fast/b1/rnn is not the NMN's";
  EXPECT_EQ(Get("reference", "b1", "nmn").ppo().anneal_final(), 0) << "a 0 of preset/reference, over base";
}

TEST(Presets, AnUnknownOneIsAnsweredWithThoseThereAre) {
  const auto error = [](const char* preset, const char* benchmark, const char* architecture) {
    const absl::Status status = Preset(preset, benchmark, architecture).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
    return std::string(status.message());
  };
  EXPECT_EQ(error("best", "b1", "nmn"), "--preset=best: it must be one of default, fast, paper, reference");
  EXPECT_EQ(error("fsat", "b1", "nmn"),
            "--preset=fsat: it must be one of default, fast, paper, reference; did you mean fast?");
  std::vector<std::string> tasks = env::TaskNames();
  std::sort(tasks.begin(), tasks.end());
  const std::string there_are = "it must be one of " + absl::StrJoin(tasks, ", ") + "; did you mean ";
  EXPECT_EQ(error("fast", "B1", "nmn"), "task B1: " + there_are + "b1?");
  EXPECT_EQ(error("fast", "b4", "nmn"), "task b4: " + there_are + "b1 or b2 or b3?");
  EXPECT_EQ(error("fast", "b1", "lstm"),
            "--arch=lstm: it must be one of nmn, rnn (an LSTM in place of the GRU: --set network.cell=LSTM)");
}

TEST(PresetReferenceSpecSection1, BenchmarkConstants) {
  const uint32_t horizon[] = {1400, 4000, 5000};
  const uint32_t kept[] = {400, 2000, 2000};
  for (const char* architecture : kArchitectures) {
    for (int b = 0; b < 3; ++b) {
      const v1::RunConfig config = Get("reference", kBenchmarks[b], architecture);
      EXPECT_EQ(config.env().horizon(), horizon[b]);
      EXPECT_EQ(config.ppo().kept_steps(), kept[b]);
      EXPECT_EQ(config.env().domain(), v1::DOMAIN_REFERENCE);
      EXPECT_EQ(config.env().switch_probability(), 0);
      EXPECT_EQ(config.env().step_cost_us(), 0);
    }
    EXPECT_NEAR(Get("reference", "b2", architecture).env().cone(), kPi / 5, 1e-15);
  }
}

TEST(PresetReferenceSpecSection2, Networks) {
  const v1::NetworkOptions b1 = Get("reference", "b1", "nmn").network();
  EXPECT_THAT(b1.recurrent_sizes(), ElementsAre(50));
  EXPECT_THAT(b1.hidden_sizes(), ElementsAre(10));
  EXPECT_EQ(b1.signal_size(), 20u);
  EXPECT_THAT(Get("reference", "b1", "rnn").network().recurrent_sizes(), ElementsAre(50));
  EXPECT_THAT(Get("reference", "b1", "rnn").network().hidden_sizes(), ElementsAre(20, 10));
  for (const char* benchmark : {"b2", "b3"}) {
    const v1::NetworkOptions nmn = Get("reference", benchmark, "nmn").network();
    EXPECT_THAT(nmn.recurrent_sizes(), ElementsAre(100, 75));
    EXPECT_THAT(nmn.hidden_sizes(), ElementsAre(30, 10));
    EXPECT_EQ(nmn.signal_size(), 45u);
    EXPECT_EQ(nmn.formula(), v1::FORMULA_REFERENCE);
    EXPECT_EQ(nmn.signal_wiring(), v1::PER_LAYER);
    EXPECT_EQ(nmn.signal_activation(), v1::RELU);
    EXPECT_FALSE(nmn.signal_lag());
    const v1::NetworkOptions rnn = Get("reference", benchmark, "rnn").network();
    EXPECT_THAT(rnn.recurrent_sizes(), ElementsAre(100, 75));
    EXPECT_THAT(rnn.hidden_sizes(), ElementsAre(45, 30, 10));
  }
}

TEST(PresetReferenceSpecSection3, TrainingConstants) {
  const uint64_t episodes[] = {20000, 100000, 20000};
  for (const char* architecture : kArchitectures) {
    for (int b = 0; b < 3; ++b) {
      const v1::RunConfig config = Get("reference", kBenchmarks[b], architecture);
      const v1::PpoOptions& ppo = config.ppo();
      EXPECT_EQ(ppo.objective(), v1::KL_PENALTY);
      EXPECT_EQ(ppo.episodes_per_update(), 50u);
      EXPECT_EQ(ppo.segment_steps(), 200u);
      EXPECT_EQ(ppo.discount(), 0.998);
      EXPECT_EQ(ppo.trace_decay(), 0.98);
      EXPECT_EQ(ppo.adam().beta1(), 0.9);
      EXPECT_EQ(ppo.adam().beta2(), 0.999);
      EXPECT_EQ(ppo.adam().epsilon(), 1e-8);
      EXPECT_EQ(ppo.policy().epochs(), 20u);
      EXPECT_EQ(ppo.policy().minibatch_segments(), 0u);
      EXPECT_EQ(ppo.policy().learning_rate(), 2e-4);
      EXPECT_EQ(ppo.policy().gradient_clip_norm(), 0);
      EXPECT_EQ(ppo.policy().entropy_bonus(), 0);
      EXPECT_EQ(ppo.critic().epochs(), 10u);
      EXPECT_EQ(ppo.critic().minibatch_segments(), 25u);
      EXPECT_EQ(ppo.critic().learning_rate(), 6e-3);
      EXPECT_EQ(ppo.critic().replay_episodes(), 150u);
      EXPECT_EQ(ppo.critic().loss(), v1::SQUARED);
      EXPECT_EQ(ppo.critic().gradient_clip_norm(), 0);
      EXPECT_EQ(ppo.kl_penalty().kl_target(), 0.003);
      EXPECT_EQ(ppo.kl_penalty().hinge_coefficient(), 50);
      EXPECT_EQ(ppo.kl_penalty().beta_initial(), 1);
      EXPECT_EQ(ppo.kl_penalty().beta_max(), 35);
      EXPECT_EQ(ppo.anneal_updates(), 0u);
      EXPECT_EQ(config.budget().episodes(), episodes[b]);
      EXPECT_EQ(config.work().max_consecutive_reverts(), 20u);
    }
  }
}

TEST(PresetPaper, DiffersFromReferenceInFormulaWiringSignalSizeAndDomainOnly) {
  EXPECT_THAT(Differences(Get("paper", "b1", "nmn"), Get("reference", "b1", "nmn")),
              UnorderedElementsAre("env.domain", "network.formula", "network.signal_wiring", "network.signal_size"));
  EXPECT_THAT(Differences(Get("paper", "b1", "rnn"), Get("reference", "b1", "rnn")), ElementsAre("env.domain"));
  for (const char* benchmark : {"b2", "b3"}) {
    EXPECT_THAT(Differences(Get("paper", benchmark, "nmn"), Get("reference", benchmark, "nmn")),
                UnorderedElementsAre("network.formula", "network.signal_wiring", "network.signal_size"));
    EXPECT_THAT(Differences(Get("paper", benchmark, "rnn"), Get("reference", benchmark, "rnn")), IsEmpty());
    EXPECT_EQ(Get("paper", benchmark, "nmn").network().signal_size(), 30u);
  }
  const v1::RunConfig b1 = Get("paper", "b1", "nmn");
  EXPECT_EQ(b1.env().domain(), v1::DOMAIN_PAPER);
  EXPECT_EQ(b1.network().formula(), v1::FORMULA_PAPER);
  EXPECT_EQ(b1.network().signal_wiring(), v1::SHARED);
  EXPECT_EQ(b1.network().signal_size(), 16u);
}

TEST(PresetFast, LearnsTheSameTaskWithTheSameNetwork) {
  for (const std::string& benchmark : kBenchmarks) {
    for (const char* architecture : kArchitectures) {
      for (const std::string& path :
           Differences(Get("fast", benchmark, architecture), Get("reference", benchmark, architecture))) {
        EXPECT_TRUE(path.starts_with("ppo.") || path.ends_with("_log_variance")) << path;
      }
      const v1::PpoOptions ppo = Get("fast", benchmark, architecture).ppo();
      EXPECT_EQ(ppo.objective(), v1::CLIPPED_RATIO);
      EXPECT_EQ(ppo.episodes_per_update(), 50u);
    }
  }
}

// A target of benchmarks 2 and 3 is reached in about five steps; benchmark 1 is played as the reference plays it.
TEST(PresetFast, LooksAsFarAheadAsItsTaskNeeds) {
  const double discount[] = {0.998, 0.96, 0.95}, trace_decay[] = {0.98, 0.95, 0.95};
  const uint32_t horizon[] = {1400, 4000, 5000}, steps[] = {1400, 1000, 1000};
  for (const char* architecture : kArchitectures) {
    for (int b = 0; b < 3; ++b) {
      const v1::RunConfig config = Get("fast", kBenchmarks[b], architecture);
      EXPECT_EQ(config.ppo().discount(), discount[b]);
      EXPECT_EQ(config.ppo().trace_decay(), trace_decay[b]);
      EXPECT_EQ(RolloutSteps(config), steps[b]);
      EXPECT_EQ(Horizon(config), horizon[b]);
    }
  }
}

// Benchmarks 2 and 3 are tuned for both networks alike.
TEST(PresetFast, TrainsBothNetworksOfABenchmarkAlike) {
  for (const char* benchmark : {"b2", "b3"}) {
    for (const std::string& path : Differences(Get("fast", benchmark, "nmn"), Get("fast", benchmark, "rnn")))
      EXPECT_TRUE(path.starts_with("network.")) << path;
  }
}

TEST(PresetFast, EndsItsBudgetWithItsSchedule) {
  for (const std::string& benchmark : kBenchmarks) {
    const v1::RunConfig config = Get("fast", benchmark, "nmn");
    EXPECT_EQ(BudgetUpdates(config), config.ppo().anneal_updates());
  }
}

TEST(Budget, EpisodesRoundUpToWholeUpdates) {
  v1::RunConfig config = Get("reference", "b1", "nmn");
  EXPECT_EQ(BudgetUpdates(config), 400u);
  config.mutable_budget()->set_episodes(51);
  EXPECT_EQ(BudgetUpdates(config), 2u);
  config.mutable_budget()->set_episodes(0);
  config.mutable_budget()->set_updates(3);
  EXPECT_EQ(BudgetUpdates(config), 3u);
}

TEST(Horizon, AbsentIsTheBenchmarksOwn) {
  v1::RunConfig config = Get("reference", "b2", "nmn");
  config.mutable_env()->clear_horizon();
  EXPECT_EQ(Horizon(config), 4000u);
  ASSERT_TRUE(Set("env.horizon=17", config).ok());
  EXPECT_EQ(Horizon(config), 17u);
}

}  // namespace
}  // namespace nmn::config
