// nmn reproduce with real runs of seconds.

#include <gmock/gmock.h>

#include <filesystem>

#include "tests/integration/tiny_run.h"

namespace nmn::testing {
namespace {

using ::testing::HasSubstr;

constexpr std::chrono::seconds kLimit{300};

Outcome Reproduce(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {Binary("nmn"), "reproduce"});
  return RunProcess(std::move(arguments), kLimit);
}

TEST(Reproduce, TheNameOfAFigureIsNoFolder) {
  for (const char* figure : {"figure2", "journal", "figure3"})
    EXPECT_THAT(Reproduce({figure, "--out=figure.pdf"}).err, HasSubstr("--out=figure.pdf: it must name a folder"));
  EXPECT_FALSE(std::filesystem::exists("figure.pdf"));
}

TEST(Reproduce, Figure2SmokeTrainsAllBenchmarksAndGoesOnWhereItWas) {
  const TemporaryDirectory folder;
  const std::string out = folder.path() + "/out";
  const std::vector<std::string> command = {"figure2", "--smoke", "--jobs=2", "--threads=1", "--out=" + out, "--json"};
  std::vector<std::string> estimate = command;
  estimate.emplace_back("--estimate");
  const Outcome estimated = Reproduce(estimate);
  ASSERT_EQ(estimated.code, 0) << estimated.err;
  EXPECT_THAT(estimated.err, HasSubstr("12 runs left, 2 at once: about "));
  EXPECT_FALSE(std::filesystem::exists(out + "/sweep/b1-nmn-s1"));

  const Outcome outcome = Reproduce(command);
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("12 runs left, 2 at once: about "));
  const auto json = nlohmann::json::parse(outcome.out);
  ASSERT_EQ(json["panels"].size(), 3u);
  for (const auto& panel : json["panels"]) {
    ASSERT_EQ(panel["methods"].size(), 2u);
    for (const auto& method : panel["methods"]) EXPECT_EQ(method["runs"], 2);
  }
  EXPECT_EQ(outcome.out, ReadFile(out + "/figure2.json"));
  EXPECT_THAT(ReadFile(out + "/figure2.svg"), HasSubstr("</svg>"));
  EXPECT_THAT(ReadFile(out + "/figure2.csv"), HasSubstr("b3,RNN,2,"));
  EXPECT_EQ(UpdatesInMetrics(out + "/sweep/b2-rnn-s2").size(), 5u);

  // A run that somebody deleted is trained again, from its own seed to its own bits; nothing else is.
  const std::string csv = ReadFile(out + "/figure2.csv"), run = out + "/sweep/b1-nmn-s2";
  const auto written = std::filesystem::last_write_time(out + "/sweep/b1-nmn-s1/summary.json");
  std::filesystem::remove_all(run);
  const Outcome again = Reproduce(command);
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(again.err, HasSubstr("1 run left"));
  EXPECT_EQ(ReadFile(out + "/figure2.csv"), csv);
  EXPECT_EQ(std::filesystem::last_write_time(out + "/sweep/b1-nmn-s1/summary.json"), written);

  const Outcome drawn = Reproduce({"figure2", "--smoke", "--out=" + out, "--format=pdf"});
  ASSERT_EQ(drawn.code, 0) << drawn.err;
  EXPECT_THAT(drawn.err, HasSubstr("is done"));
  EXPECT_TRUE(std::filesystem::exists(out + "/figure2.pdf"));
  EXPECT_THAT(Reproduce({"figure2", "--smoke", "--out=" + out, "--preset=paper"}).err,
              HasSubstr("--preset paper instead of fast"));
  // What is missing of a run, and what it has too much of, is said.
  const std::string rows = ReadFile(run + "/episodes.csv");
  WriteFile(run + "/episodes.csv", rows.substr(0, rows.find('\n', rows.size() / 2) + 1));
  const Outcome cut = Reproduce(command);
  ASSERT_EQ(cut.code, 0) << cut.err;
  for (const char* notice : {"/b1-nmn-s2/episodes.csv ends at episode ", "the shortest run, "}) {
    EXPECT_THAT(cut.err, HasSubstr(notice));
    EXPECT_THAT(ReadFile(out + "/figure2.json"), HasSubstr(notice));
  }
  WriteFile(run + "/episodes.csv", rows);
  // What is there is drawn for nobody who asks for something else.
  const std::string svg = ReadFile(out + "/figure2.svg");
  for (const char* flag : {"--estimate", "--format=svg", "--benchmarks=b1"}) {
    const Outcome whole = Reproduce({"figure2", "--out=" + out, flag});
    EXPECT_EQ(whole.code, 42) << flag;
    EXPECT_THAT(whole.err, HasSubstr("/sweep was begun with --smoke, and this call is without; choose another --out"))
        << flag;
  }
  const Outcome journal = Reproduce({"journal", "--smoke", "--out=" + out});
  EXPECT_EQ(journal.code, 42);
  EXPECT_THAT(journal.err, HasSubstr("was begun without --grid network.main_activation=SATURATED_RELU,SIGMOID"));
  EXPECT_EQ(ReadFile(out + "/figure2.svg"), svg);
  EXPECT_FALSE(std::filesystem::exists(out + "/journal.csv"));
}

TEST(Reproduce, AnEstimateOfAnotherKindHasItsOwnProbeAndLeavesNoSweepBehind) {
  const TemporaryDirectory folder;
  const std::string out = folder.path() + "/out";
  const auto estimate = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"figure2", "--smoke", "--benchmarks=b1", "--seeds=1", "--jobs=2", "--threads=1",
                               "--estimate", "--out=" + out});
    return Reproduce(more);
  };
  const auto probes = [&out] {
    size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(out)) {
      const std::string name = entry.path().filename().string();
      count += name.starts_with("probe-") && std::filesystem::exists(entry.path() / "b1-nmn-s1/summary.json");
    }
    return count;
  };
  for (const std::vector<std::string>& more : {std::vector<std::string>{}, {"--updates=2"}, {"--preset=reference"}}) {
    const size_t before = std::filesystem::exists(out) ? probes() : 0;
    for (int again = 0; again < 2; ++again) {
      const Outcome outcome = estimate(more);
      EXPECT_EQ(outcome.code, 0) << outcome.err;
      EXPECT_THAT(outcome.err, HasSubstr("2 runs left, 2 at once: about "));
      EXPECT_EQ(probes(), before + 1);
    }
  }
  EXPECT_FALSE(std::filesystem::exists(out + "/sweep/sweep.json"));
}

TEST(Reproduce, JournalSmokeHasAPanelForEachActivationAndDepth) {
  const TemporaryDirectory folder;
  const Outcome outcome =
      Reproduce({"journal", "--smoke", "--seeds=1", "--jobs=2", "--threads=1", "--out=" + folder.path() + "/out"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("main_activation SIGMOID, hidden_sizes [10,10,10,10]"));
  EXPECT_THAT(ReadFile(folder.path() + "/out/journal.csv"), HasSubstr("b1,SATURATED_RELU,[],NMN,1,"));
  EXPECT_THAT(ReadFile(folder.path() + "/out/journal.png"), ::testing::StartsWith("\x89PNG"));
}

TEST(Reproduce, Figure3PlaysThePolicyThatComesWithTheProgram) {
  const TemporaryDirectory folder;
  const std::string out = folder.path() + "/out";
  const Outcome outcome = Reproduce({"figure3", "--out=" + out, "--format=png"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("docs/results/policies/b1-nmn.safetensors"));
  EXPECT_THAT(ReadFile(out + "/signal_by_task.png"), ::testing::StartsWith("\x89PNG"));
  const auto json = nlohmann::json::parse(ReadFile(out + "/analysis.json"));
  EXPECT_EQ(json["episodes"], 1000);
  // It is a trained one: the task is in z after 20 steps, and most of the return is there.
  EXPECT_GT(json["signal"]["steps"][4]["best_r_squared"], 0.5);
  EXPECT_GT(json["adaptation"]["policy"]["discounted_mean"], 4400);
}

TEST(Reproduce, AFigureThatThereIsNotIsNamed) {
  const Outcome none = Reproduce({});
  EXPECT_EQ(none.code, 42);
  EXPECT_THAT(none.err, HasSubstr("--help"));
  const Outcome other = Reproduce({"figure4"});
  EXPECT_EQ(other.code, 42);
  EXPECT_THAT(other.err, HasSubstr("figure4"));
}

}  // namespace
}  // namespace nmn::testing
