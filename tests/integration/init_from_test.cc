// A new run that begins with weights of another.

#include <gmock/gmock.h>
#include <signal.h>

#include <cstring>

#include "tests/integration/tiny_run.h"

namespace nmn::testing {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

// "__metadata__" of a safetensors file.
json Metadata(const std::string& file) {
  const std::string bytes = ReadFile(file);
  uint64_t length = 0;
  if (bytes.size() < sizeof(length)) return json();
  std::memcpy(&length, bytes.data(), sizeof(length));
  return json::parse(bytes.substr(sizeof(length), length))["__metadata__"];
}

class InitFrom : public ::testing::Test {
 protected:
  // One source for all tests.
  static void SetUpTestSuite() {
    folder_ = new TemporaryDirectory;
    const Outcome outcome = RunProcess(TinyTrain(Source(), 4, {"--seed=7"}));
    ASSERT_EQ(outcome.code, 0) << outcome.err;
  }
  static void TearDownTestSuite() { delete folder_; }
  static std::string Source() { return folder_->path() + "/source"; }
  std::string In(const std::string& name) const { return own_.path() + "/" + name; }

  // Trains in `name`, a run of seed 8 that begins with `source`.
  Outcome Train(const std::string& name, const std::string& source, std::vector<std::string> more = {},
                const std::string& benchmark = "b1", int updates = 4) const {
    more.push_back("--seed=8");
    more.push_back("--init_from=" + source);
    return RunProcess(TinyTrain(In(name), updates, std::move(more), benchmark));
  }

  static TemporaryDirectory* folder_;
  TemporaryDirectory own_;
};
TemporaryDirectory* InitFrom::folder_ = nullptr;

TEST_F(InitFrom, BeginsWithTheWeightsAndRemembersWhoseTheyWere) {
  const Outcome outcome = Train("run", Source());
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("began with " + Source() + ", update 4: took "));
  const json source = ReadSummary(Source()), init = ReadSummary(In("run"))["init"];
  EXPECT_EQ(init["source"], Source());
  EXPECT_EQ(init["run_id"], source["run_id"]);
  EXPECT_EQ(init["update"], 4);
  EXPECT_EQ(init["weights_sha256"], source["weights_sha256"]);
  EXPECT_TRUE(init["left"].empty());
  EXPECT_THAT(init["taken"], ::testing::Contains("critic.head.weight"));
  // The checkpoint before the first update has the source's weights; those of the end have moved on.
  const Outcome exported =
      RunProcess({Binary("nmn"), "export", In("run"), "--update=0", "--out=" + In("first.safetensors")});
  EXPECT_EQ(exported.out, source["weights_sha256"].get<std::string>() + "\n") << exported.err;
  EXPECT_NE(WeightsHash(In("run")), source["weights_sha256"]);
  for (const std::string& file : {In("first.safetensors"), In("run/policy.safetensors")}) {
    const json metadata = Metadata(file);
    EXPECT_EQ(metadata["init_source"], Source());
    EXPECT_EQ(metadata["init_run_id"], source["run_id"]);
    EXPECT_EQ(metadata["init_update"], "4");
    EXPECT_EQ(metadata["init_weights_sha256"], source["weights_sha256"]);
    EXPECT_THAT(metadata["init_taken"].get<std::string>(), HasSubstr("actor.gru0.w_input,"));
  }
}

TEST_F(InitFrom, SaysWhereTheLearningRateIsHigherThanTheSourcesWas) {
  const Outcome fast = Train("fast", Source(), {"--set=ppo.policy.learning_rate=0.5"}, "b1", 1);
  ASSERT_EQ(fast.code, 0) << fast.err;
  EXPECT_THAT(fast.err,
              HasSubstr("the policy's learning rate begins at 0.5, and the source of --init_from stopped with "));
  const size_t hint = fast.err.find("--set ppo.policy.learning_rate=");
  ASSERT_NE(hint, std::string::npos);
  const std::string assignment = fast.err.substr(hint + 6, fast.err.find(' ', hint + 6) - hint - 6);
  const Outcome as_before = Train("slow", Source(), {"--set=" + assignment}, "b1", 1);
  ASSERT_EQ(as_before.code, 0) << as_before.err;
  EXPECT_THAT(as_before.err, Not(HasSubstr("may undo what was learnt")));
}

TEST_F(InitFrom, IsAFunctionOfConfigAndSeedAsEver) {
  ASSERT_EQ(Train("one", Source(), {"--actors=1"}).code, 0);
  ASSERT_EQ(Train("three", Source() + "/policy.safetensors", {"--actors=3"}).code, 0);
  ASSERT_EQ(Train("checkpoint", Source() + "/checkpoints/ckpt-00000003").code, 0);
  ASSERT_EQ(RunProcess(TinyTrain(In("fresh"), 4, {"--seed=8"})).code, 0);
  const json one = ReadSummary(In("one"));
  EXPECT_EQ(WeightsHash(In("three")), one["weights_sha256"]);
  EXPECT_EQ(ReadSummary(In("three"))["config_hash"], one["config_hash"]);
  for (const char* other : {"checkpoint", "fresh"}) {
    EXPECT_NE(WeightsHash(In(other)), one["weights_sha256"]) << other;
    EXPECT_NE(ReadSummary(In(other))["config_hash"], one["config_hash"]) << other;
  }
}

TEST_F(InitFrom, AnotherConfigTakesWhatFitsAndNamesTheRest) {
  const Outcome outcome = Train("run", Source(), {}, "b2");
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const json init = ReadSummary(In("run"))["init"];
  const std::vector<std::string> left = init["left"], taken = init["taken"];
  ASSERT_FALSE(left.empty());
  ASSERT_FALSE(taken.empty());
  EXPECT_THAT(outcome.err, HasSubstr("took " + std::to_string(taken.size()) + " of " +
                                     std::to_string(taken.size() + left.size()) + " tensors"));
  EXPECT_THAT(left, ::testing::Contains("actor.gru0.w_input"));
  for (const std::string& name : left) EXPECT_THAT(outcome.err, HasSubstr(name));
  EXPECT_THAT(outcome.err, HasSubstr("trained under another benchmark; what is taken may mean something else here"));
}

// All shapes fit; only the meaning of what z does differs.
TEST_F(InitFrom, WhatFitsAndMeansSomethingElseIsTakenAndNamed) {
  const Outcome other =
      Train("run", Source(), {"--set", "network.formula=FORMULA_PAPER", "--set", "network.signal_wiring=SHARED"});
  ASSERT_EQ(other.code, 0) << other.err;
  EXPECT_THAT(other.err, HasSubstr("trained under another network.formula, network.signal_wiring; "));
  // The source's networks read numbers as they are.
  const Outcome normal = Train("normal", Source(), {"--set", "normalize.observation=true"}, "b1", 1);
  ASSERT_EQ(normal.code, 0) << normal.err;
  EXPECT_THAT(normal.err, HasSubstr("trained under another normalize.observation; "));
  const Outcome same = Train("same", Source(), {"--set", "ppo.discount=0.9"}, "b1", 1);
  ASSERT_EQ(same.code, 0) << same.err;
  EXPECT_THAT(same.err, Not(HasSubstr("trained under another")));
}

// The recurrent layers' shapes are the same, but an NMN's read (a', r', x') and an RNN's (x, a', r').
TEST_F(InitFrom, AnotherArchitectureIsRefused) {
  const Outcome outcome = Train("run", Source(), {"--arch=rnn"});
  EXPECT_EQ(outcome.code, 42);
  EXPECT_THAT(outcome.err, HasSubstr(Source() + " has the weights of an NMN, and this run's networks are RNN: "));
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  EXPECT_EQ(ReadFile(In("run/config.textproto")), "");
}

TEST_F(InitFrom, WhatCannotBeIsOneLine) {
  const auto error = [&](const std::string& source, std::vector<std::string> more = {}) {
    const Outcome outcome = Train("run", source, std::move(more));
    EXPECT_EQ(outcome.code, 42);
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
    return outcome.err;
  };
  EXPECT_THAT(error(Source(), {"--set", "network.recurrent_sizes=7", "--set", "network.hidden_sizes=3", "--set",
                               "network.signal_size=4"}),
              HasSubstr("none of its matrices has the name and shape of one of this run's"));
  EXPECT_THAT(error(In("nothing")), HasSubstr("--init_from: there is no run directory, checkpoint or file"));
}

TEST_F(InitFrom, AResumedRunGoesOnWithoutTheFlagAndRefusesOtherWeights) {
  ASSERT_EQ(Train("whole", Source(), {}, "b1", 6).code, 0);
  ASSERT_EQ(Train("run", Source(), {}, "b1", 4).code, 0);
  const std::vector<std::string> resume = {Binary("nmn"), "train",      "--resume", "--run_dir=" + In("run"),
                                           "--no_figure", "--updates=5"};
  std::vector<std::string> other = resume, same = resume;
  other.push_back("--init_from=" + In("whole"));
  const Outcome refused = RunProcess(other);
  EXPECT_EQ(refused.code, 42);
  EXPECT_THAT(refused.err, HasSubstr("init_weights_sha256"));
  same.push_back("--init_from=" + Source());
  EXPECT_EQ(RunProcess(same).code, 0);
  std::vector<std::string> without = resume;
  without.back() = "--updates=6";
  const Outcome outcome = RunProcess(without);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(WeightsHash(In("run")), WeightsHash(In("whole")));
  EXPECT_EQ(ReadSummary(In("run"))["init"], ReadSummary(In("whole"))["init"]);
}

// Its config asks for the weights: a new run from it is not silently another.
TEST_F(InitFrom, AConfigOfSuchARunNeedsTheWeightsAgain) {
  ASSERT_EQ(Train("run", Source()).code, 0);
  std::vector<std::string> again = {Binary("nmn"), "train", "--config=" + In("run/config.textproto"),
                                    "--run_dir=" + In("again"), "--no_figure"};
  const Outcome refused = RunProcess(again);
  EXPECT_EQ(refused.code, 42);
  EXPECT_THAT(refused.err, HasSubstr("name them with --init_from"));
  again.push_back("--init_from=" + Source());
  const Outcome outcome = RunProcess(again);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(WeightsHash(In("again")), WeightsHash(In("run")));
}

}  // namespace
}  // namespace nmn::testing
