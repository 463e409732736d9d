// What passes between the host and a GPU in an update. Counted on the CPU, where the same code runs.

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <string>

#include "tests/unit/learner/ppo/training_run.h"
#include "tests/unit/learner/ppo/transfer_counter.h"

namespace nmn::ppo {
namespace {

// With so many times the epochs, steps and segments.
v1::RunConfig Longer(v1::RunConfig config, uint32_t factor) {
  v1::PpoOptions& ppo = *config.mutable_ppo();
  ppo.mutable_policy()->set_epochs(ppo.policy().epochs() * factor);
  ppo.mutable_critic()->set_epochs(ppo.critic().epochs() * factor);
  ppo.set_segment_steps(ppo.segment_steps() / factor);
  ppo.mutable_critic()->set_minibatch_segments(4);
  ppo.mutable_policy()->set_minibatch_segments(4);
  return config;
}

struct Count {
  int reads = 0, uploads = 0, others = 0;
};

// Of the second update, which has a replay.
Count CountOf(const v1::RunConfig& config, Engine engine) {
  TrainingRun run(config, {.engine = engine});
  EXPECT_TRUE(run.Update(1).ok());
  const TrajectoryBatch batch = run.Collect(2);
  const TransferCounter counter;
  EXPECT_TRUE(run.trainer->Update(2, batch).ok());
  return {counter.reads(), counter.uploads(), counter.others()};
}

TEST(Transfers, AnUpdateMakesAFixedNumberOfThemWhateverItsLength) {
  for (const Engine engine : {Engine::kLibTorch, Engine::kAuto}) {
    for (const v1::RunConfig& config :
         {SmallConfig(), SmallConfig("rnn"), ClippedConfig(), AsyncConfig(true), NormalizedConfig()}) {
      const Count once = CountOf(config, engine), longer = CountOf(Longer(config, 2), engine);
      EXPECT_EQ(once.others, 0);
      EXPECT_EQ(longer.others, 0);
      EXPECT_EQ(once.reads, longer.reads);
      EXPECT_EQ(once.uploads, longer.uploads);
      // Values, both checks of advantages, both networks' losses, the deviation, both checks of weights; with V-trace
      // the ratios, with normalised rewards their scale.
      EXPECT_LE(once.reads, 9);
      // Two inputs, action, mean, log-variance, advantage, target; two of the plan of each network.
      EXPECT_LE(once.uploads, 11);
    }
  }
}

TEST(Transfers, AreCountedWhereOneIsMade) {
  const TransferCounter counter;
  ReadScalars({at::ones({})});
  ToDevice(at::ones({}), at::kCPU);
  at::ones({}).item<float>();
  EXPECT_EQ(counter.reads(), 1);
  EXPECT_EQ(counter.uploads(), 1);
  EXPECT_EQ(counter.others(), 1);
}

// What the counter cannot see on the CPU, where such a copy is none.
TEST(Transfers, AreWrittenInOneFile) {
  const std::regex transfer(R"(\.item(<|\()|\.cpu\(\)|\.cuda\(\)|\.to\([a-z_.>()-]*device)");
  int files = 0, places = 0;
  for (const auto& entry : std::filesystem::directory_iterator("learner/ppo")) {
    const std::string name = entry.path().filename();
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      if (!std::regex_search(line, transfer)) continue;
      ++places;
      EXPECT_EQ(name, "transfer.cc") << name << ": " << line;
    }
    ++files;
  }
  EXPECT_GT(files, 40);
  EXPECT_EQ(places, 2);
}

}  // namespace
}  // namespace nmn::ppo
