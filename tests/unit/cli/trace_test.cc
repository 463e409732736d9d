#include "cli/trace/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "actor/play/evaluation.h"
#include "cli/player.h"
#include "cli/policy_choice.h"
#include "common/env/environment.h"
#include "common/fs/file_system.h"
#include "tests/support/python.h"
#include "tests/support/subprocess.h"
#include "tests/unit/cli/export_page.h"
#include "tests/unit/cli/policy_fixture.h"

namespace nmn::cli {
namespace {

using ::nmn::testing::Binary;
using ::nmn::testing::Outcome;
using ::nmn::testing::RunProcess;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

// A CSV file as columns by name.
using Table = std::map<std::string, std::vector<double>>;

std::vector<std::string> Split(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream in(line);
  for (std::string cell; std::getline(in, cell, ',');) cells.push_back(cell);
  return cells;
}

std::string HeaderOf(const std::string& csv) { return csv.substr(0, csv.find('\n')); }

Table ParseCsv(const std::string& csv) {
  std::istringstream lines(csv);
  std::string line;
  std::getline(lines, line);
  const std::vector<std::string> names = Split(line);
  Table table;
  while (std::getline(lines, line)) {
    const std::vector<std::string> cells = Split(line);
    EXPECT_EQ(cells.size(), names.size()) << line;
    for (size_t i = 0; i < cells.size(); ++i) table[names[i]].push_back(std::strtod(cells[i].c_str(), nullptr));
  }
  return table;
}

struct Options {
  std::string columns = "";
  uint32_t every = 1;
  uint32_t episodes = 1;
  uint64_t seed = 1;
};

// What the verb writes as CSV, played here.
absl::StatusOr<std::string> TraceOf(const PolicyChoice& choice, const Options& options) {
  testing::TemporaryDirectory folder;
  const std::string file = folder.path() + "/trace.csv";
  PolicyFlags flags;
  flags.seed = options.seed;
  const auto player = MakePlayer(choice, flags, 1).value();
  auto recorder =
      trace::Recorder::Create(env::FindSpec(choice.config.benchmark()).value(),
                              choice.network.has_value() ? &*choice.network : nullptr, options.columns, options.every);
  if (!recorder.ok()) return recorder.status();
  auto output = trace::OpenCsv(file, (*recorder)->columns());
  if (!output.ok()) return output.status();
  const absl::Status status = trace::WriteTrace(*player, **recorder, options.episodes, **output);
  if (!status.ok()) return status;
  return testing::ReadFile(file);
}

PolicyChoice Network(const policy::NetworkPolicy& policy) {
  return {.config = policy.config, .network = policy, .rule = ""};
}

PolicyChoice Rule(const std::string& rule, const std::string& benchmark, const std::string& set) {
  PolicyFlags flags;
  flags.policy = rule;
  flags.benchmark = benchmark;
  flags.set = {set};
  return ChoosePolicy(flags).value();
}

TEST(WriteTrace, ShowsTheEpisodesThatEvaluateMeasures) {
  const PolicyChoice choice = Network(MakePolicy("reference", "b1", "nmn", {"env.horizon=30"}));
  const std::string csv = TraceOf(choice, {.episodes = 2, .seed = 9}).value();
  EXPECT_THAT(HeaderOf(csv), HasSubstr("episode,t,task_alpha,state_"));
  EXPECT_THAT(HeaderOf(csv), HasSubstr(",x0,previous_action,previous_reward,u,mean,logvar,z0,z1,"));
  EXPECT_THAT(HeaderOf(csv), HasSubstr(",z19,action,reward"));
  const Table table = ParseCsv(csv);
  ASSERT_EQ(table.at("t").size(), 60u);
  double sum = 0;
  for (size_t i = 0; i < 60; ++i) {
    sum += table.at("reward")[i];
    // In the reference's domain the target is the displayed position plus alpha.
    EXPECT_NEAR(table.at("state_p")[i], table.at("x0")[i] + table.at("task_alpha")[i], 1e-5);
    const bool first = i % 30 == 0;
    EXPECT_EQ(table.at("t")[i], i % 30);
    EXPECT_EQ(table.at("previous_action")[i], first ? 0 : table.at("action")[i - 1]);
    EXPECT_EQ(table.at("previous_reward")[i], first ? 0 : table.at("reward")[i - 1]);
  }
  PolicyFlags flags;
  flags.seed = 9;
  const auto player = MakePlayer(choice, flags, 2).value();
  EXPECT_NEAR(sum / 2, play::Evaluate(*player, {"m"}, 2, 2, [](uint32_t) {})->raw.mean, 1e-4);
}

TEST(WriteTrace, ARuleHasNoMeanAndNoSignal) {
  EXPECT_EQ(HeaderOf(TraceOf(Rule("oracle", "b3", "env.horizon=20"), {}).value()),
            "episode,t,task_order,task_good_x,task_good_y,task_bad_x,task_bad_y,state_position_x,state_position_y,x0,"
            "x1,x2,x3,"
            "previous_action,previous_reward,u,action,reward");
}

TEST(WriteTrace, KeepsEveryNthStepOfEachEpisodeWithItsOwnNumbers) {
  const PolicyChoice choice = Network(MakePolicy("reference", "b1", "rnn", {"env.horizon=10"}));
  const Table all = ParseCsv(TraceOf(choice, {.columns = "*", .episodes = 2}).value());
  const Table some = ParseCsv(TraceOf(choice, {.columns = "*", .every = 4, .episodes = 2}).value());
  EXPECT_THAT(some.at("t"), ElementsAre(0, 4, 8, 0, 4, 8));
  EXPECT_THAT(some.at("episode"), ElementsAre(0, 0, 0, 1, 1, 1));
  for (const auto& [name, values] : some) {
    EXPECT_THAT(values, ElementsAre(all.at(name)[0], all.at(name)[4], all.at(name)[8], all.at(name)[10],
                                    all.at(name)[14], all.at(name)[18]))
        << name;
  }
}

TEST(ChooseColumns, AreInTheOrderAskedForEachOnce) {
  const PolicyChoice choice = Network(MakePolicy("reference", "b1", "nmn", {"env.horizon=3"}));
  EXPECT_EQ(HeaderOf(TraceOf(choice, {.columns = "reward,t,z1*,z1,main0_*9,value"}).value()),
            "reward,t,z1,z10,z11,z12,z13,z14,z15,z16,z17,z18,z19,main0_scale9,main0_offset9,value");
}

TEST(ChooseColumns, ANameThatIsNoneComesWithThoseThereAre) {
  const PolicyChoice network = Network(MakePolicy("reference", "b1", "nmn"));
  EXPECT_EQ(TraceOf(network, {.columns = "t,w*"}).status().message(),
            "--columns: there is no column \"w*\"; there are episode, t, task_alpha, state_x, state_p, x0, "
            "previous_action, previous_reward, u, mean, logvar, z0 .. z19, h0 .. h49, main0_scale0 .. main0_scale9, "
            "main0_offset0 .. main0_offset9, head_scale0 .. head_scale1, head_offset0 .. head_offset1, value, action, "
            "reward");
  EXPECT_THAT(std::string(TraceOf(network, {.columns = "t,rewrad"}).status().message()),
              HasSubstr(", reward; did you mean reward?"));
  EXPECT_FALSE(TraceOf(Rule("zero", "b1", "env.horizon=3"), {.columns = "value"}).ok());
  EXPECT_FALSE(TraceOf(network, {.columns = "t,"}).ok());
}

// The page's own forward pass computes states, z, what z does to each neuron, and the critic's value.
TEST(WriteTrace, ShowsWhatTheNetworksCompute) {
  const std::string python = testing::PythonWithNumpy();
  if (python.empty()) GTEST_SKIP() << "NO PYTHON WITH NUMPY: apt-get install python3-numpy";
  const char kCompare[] = R"(
tensors, meta = load(sys.argv[1])
d, worst, largest = np.load(sys.argv[2]), 0, 0
column = lambda name, i: np.array([d[f"{name}{j}"][i] for j in range(sum(re.fullmatch(name + r"\d+", k) is not None for k in d.files))])
for i in range(len(d["t"])):
    x = column("x", i)
    if d["t"][i] == 0:
        actor, critic = Network(tensors, meta["config"]), Network(tensors, meta["config"], "critic")
        previous_x, lagged = np.zeros_like(x), actor.z
    step = lambda n: n.step(x, np.array([d["previous_action"][i], d["previous_reward"][i]]), previous_x)
    step(actor)
    pairs = [(step(critic), [d["value"][i]]), (np.concatenate(actor.h), column("h", i))]
    if actor.nmn:
        pairs.append((actor.z, column("z", i)))
        for l, name in enumerate(actor.layers):
            z = lagged if actor.option("signal_lag") == "true" and name != "head" else actor.z
            if actor.option("signal_wiring") == "PER_LAYER":
                z = np.split(z, len(actor.layers))[l]
            pairs.append((z @ actor.w[name + ".w_scale"], column(name + "_scale", i)))
            pairs.append((z @ actor.w[name + ".w_offset"], column(name + "_offset", i)))
    for here, there in pairs:
        worst, largest = max(worst, *abs(here - there)), max(largest, *abs(here))
    previous_x, lagged = x, actor.z
print(worst < 1e-4 and worst > 0 and largest > 0.1, d["episode"].dtype, d["z0" if actor.nmn else "h0"].dtype, len(d["t"]))
)";
  for (const policy::NetworkPolicy& policy :
       {MakePolicy("reference", "b3", "nmn", {"network.signal_lag=true", "env.horizon=40"}),
        MakePolicy("paper", "b2", "nmn", {"env.horizon=40"}),
        MakePolicy("reference", "b2", "rnn", {"env.horizon=40"})}) {
    testing::TemporaryDirectory folder;
    const std::string file = folder.path() + "/policy.safetensors", npz = folder.path() + "/trace.npz",
                      script = folder.path() + "/compare.py";
    testing::WriteFile(file, Encode(policy));
    const std::string page = testing::CodeOfExportPage();
    testing::WriteFile(script, page.substr(0, page.find("tensors, meta =")) + kCompare);
    const Outcome traced =
        RunProcess({Binary("nmn"), "trace", "--policy=" + file, "--episodes=2", "--columns=*", "--out=" + npz});
    ASSERT_EQ(traced.code, 0) << traced.err;
    const Outcome outcome = RunProcess({python, script, file, npz});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_EQ(outcome.out, "True uint32 float32 80\n");
  }
}

TEST(NmnTrace, WritesTheSameNumbersForNumpyAsInCsv) {
  const std::string python = testing::PythonWithNumpy();
  if (python.empty()) GTEST_SKIP() << "NO PYTHON WITH NUMPY: apt-get install python3-numpy";
  testing::TemporaryDirectory folder;
  const std::string policy = folder.path() + "/policy.safetensors", csv = folder.path() + "/trace.csv",
                    npz = folder.path() + "/numbers", script = folder.path() + "/compare.py";
  testing::WriteFile(policy, Encode(MakePolicy("reference", "b1", "nmn", {"env.horizon=50"})));
  testing::WriteFile(script, R"(
import csv, sys, zipfile
import numpy as np
rows = list(csv.DictReader(open(sys.argv[1])))
d = np.load(sys.argv[2])
assert zipfile.ZipFile(sys.argv[2]).testzip() is None  # the checksums
assert d.files == list(rows[0]), (d.files, list(rows[0]))
for name in d.files:
    assert np.array_equal(d[name], np.array([r[name] for r in rows], d[name].dtype)), name
print(len(rows), len(d.files))
)");
  const std::vector<std::string> trace = {Binary("nmn"), "trace", "--policy=" + policy, "--episodes=3", "--every=7"};
  for (const std::string& to : {"--csv=" + csv, "--npz=" + npz}) {
    std::vector<std::string> command = trace;
    command.push_back(to);
    const Outcome outcome = RunProcess(command);
    ASSERT_EQ(outcome.code, 0) << outcome.err;
  }
  const Outcome outcome = RunProcess({python, script, csv, npz});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, "24 33\n");
}

TEST(NmnTrace, AFileForNumpyGoesThroughAPipe) {
  testing::TemporaryDirectory folder;
  const std::string npz = folder.path() + "/trace.npz";
  const std::string trace =
      Binary("nmn") + " trace --benchmark=b1 --policy=adaptive --set env.horizon=9 --episodes=2 --npz=";
  const Outcome outcome = RunProcess({"/bin/sh", "-c", trace + npz + " && " + trace + "/dev/stdout | cmp - " + npz});
  EXPECT_EQ(outcome.code, 0) << outcome.out << outcome.err;
}

TEST(NmnTrace, WhatFailsLeavesNoFileAndNamesTheReason) {
  testing::TemporaryDirectory folder;
  const std::string file = folder.path() + "/policy.safetensors";
  policy::NetworkPolicy broken = MakePolicy("reference", "b1", "nmn");
  broken.weights[0].values[0] = HUGE_VALF;
  broken.weights[0].values[1] = -HUGE_VALF;
  testing::WriteFile(file, Encode(broken));
  for (const char* out : {"/trace.csv", "/trace.npz"}) {
    const Outcome outcome = RunProcess({Binary("nmn"), "trace", "--policy=" + file, "--out=" + folder.path() + out});
    EXPECT_EQ(outcome.code, 42);
    EXPECT_THAT(outcome.err, HasSubstr("not finite"));
  }
  EXPECT_THAT(fs::RealFileSystem().List(folder.path()).value(), UnorderedElementsAre("policy.safetensors"));
  for (const char* flag : {"--csv=/dev/full", "--npz=/dev/full"}) {
    const Outcome outcome = RunProcess({Binary("nmn"), "trace", "--benchmark=b1", "--policy=zero", flag});
    EXPECT_EQ(outcome.code, 1);
    EXPECT_EQ(outcome.err,
              "nmn trace: cannot write /dev/full: No space left on device; free some space and call it again\n");
  }
}

// script(1) gives it a terminal.
TEST(NmnTrace, ATerminalIsNotFilled) {
  const auto in_terminal = [](const std::string& flags) {
    return RunProcess({"/usr/bin/script", "--return", "--quiet", "--command",
                       Binary("nmn") + " trace --task=b1 --policy=random " + flags, "/dev/null"});
  };
  const Outcome refused = in_terminal("");
  EXPECT_EQ(refused.code, 42);
  EXPECT_THAT(refused.out, HasSubstr("1400 lines of CSV would fill this terminal; name a file with --out"));
  const Outcome few = in_terminal("--every=100");
  EXPECT_EQ(few.code, 0) << few.out;
  EXPECT_THAT(few.out, HasSubstr("\n0,1300,"));
}

TEST(NmnTrace, ANameOfAnotherFormatIsRefused) {
  const auto said = [](const std::string& out) {
    const Outcome outcome = RunProcess({Binary("nmn"), "trace", "--benchmark=b1", "--policy=zero", out});
    EXPECT_EQ(outcome.code, 42);
    return outcome.err;
  };
  EXPECT_THAT(said("--out=x.Parquet"), HasSubstr("--out=x.Parquet: it must end in .csv or .npz or .txt"));
  EXPECT_THAT(said("--out=-"), HasSubstr("--out=-: it must end in .csv or .npz or .txt, which is what is written; "
                                         "without --out it is CSV on stdout"));
  EXPECT_THAT(said("--npz=-"), HasSubstr("--npz=/dev/stdout"));
}

TEST(NmnTrace, AnEndingMeansTheSameInUpperCase) {
  const testing::TemporaryDirectory folder;
  for (const char* flag : {"--out=", "--npz="}) {
    const std::string out = folder.path() + (flag == std::string("--out=") ? "/x.NPZ" : "/x.csv");
    const Outcome outcome =
        RunProcess({Binary("nmn"), "trace", "--task=b1", "--policy=zero", "--every=700", flag + out});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    EXPECT_THAT(testing::ReadFile(out), ::testing::StartsWith("PK")) << out;
  }
}

TEST(NmnTrace, OneFileIsWritten) {
  const Outcome outcome =
      RunProcess({Binary("nmn"), "trace", "--benchmark=b1", "--policy=zero", "--csv=/nowhere/a", "--npz=/nowhere/b"});
  EXPECT_EQ(outcome.code, 42);
  EXPECT_THAT(outcome.err, HasSubstr("--npz and --out both name the file to write"));
}

}  // namespace
}  // namespace nmn::cli
