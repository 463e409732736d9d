#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "common/build/newer.h"
#include "common/digest/sha256.h"
#include "common/fs/file_system.h"
#include "common/safetensors/safetensors.h"
#include "learner/checkpoint/checkpoint.h"
#include "learner/policy/policy_file.h"
#include "tests/support/fault_file_system.h"
#include "tests/support/python.h"
#include "tests/support/subprocess.h"
#include "tests/unit/cli/export_page.h"
#include "tests/unit/cli/policy_fixture.h"

namespace nmn::cli {
namespace {

using ::nmn::testing::Binary;
using ::nmn::testing::Outcome;
using ::nmn::testing::RunProcess;
using ::testing::HasSubstr;

TEST(NmnExport, KeepsEveryTensorAndTheConfigOfARunDirectory) {
  testing::TemporaryDirectory folder;
  const policy::NetworkPolicy policy = MakePolicy("paper", "b2", "nmn");
  testing::WriteFile(folder.path() + "/policy.safetensors", Encode(policy));
  const std::string out = folder.path() + "/out.safetensors";
  const Outcome outcome = RunProcess({Binary("nmn"), "export", folder.path(), "--out=" + out});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, WeightsSha256(policy.weights) + "\n");
  const policy::NetworkPolicy read = policy::LoadNetworkPolicy(fs::RealFileSystem(), out).value();
  EXPECT_EQ(read.weights, policy.weights);
  EXPECT_EQ(read.actor, policy.actor);
  EXPECT_EQ(read.update, 7u);
  EXPECT_EQ(config::Print(read.config), config::Print(policy.config));
}

TEST(LoadNetworkPolicy, AnEmptyDirectoryIsNoRun) {
  testing::TemporaryDirectory folder;
  const absl::Status status = policy::LoadNetworkPolicy(fs::RealFileSystem(), folder.path()).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("so it is no run directory"));
}

TEST(LoadNetworkPolicy, TakesTensorsInAnyOrderAndMetadataWithMoreEntries) {
  testing::TemporaryDirectory folder;
  const policy::NetworkPolicy policy = MakePolicy("reference", "b1", "rnn");
  std::vector<NamedTensor> turned(policy.weights.rbegin(), policy.weights.rend());
  auto metadata = ExportMetadata(policy);
  metadata["note"] = "mine";
  const std::string file = folder.path() + "/turned.safetensors";
  testing::WriteFile(file, EncodeSafetensors(turned, metadata));
  const auto read = policy::LoadNetworkPolicy(fs::RealFileSystem(), file);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->weights, policy.weights);
  EXPECT_EQ(read->actor, policy.actor);
  EXPECT_EQ(read->critic, policy.critic);
}

TEST(LoadNetworkPolicy, ATensorThatDoesNotFitTheConfigIsNamed) {
  testing::TemporaryDirectory folder;
  const std::string file = folder.path() + "/other.safetensors";
  const auto refusal = [&](const policy::NetworkPolicy& policy) {
    testing::WriteFile(file, Encode(policy));
    const absl::Status status = policy::LoadNetworkPolicy(fs::RealFileSystem(), file).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    return std::string(status.message());
  };
  const policy::NetworkPolicy whole = MakePolicy("reference", "b1", "rnn");
  policy::NetworkPolicy policy = whole;
  policy.weights.erase(policy.weights.begin());
  EXPECT_EQ(refusal(policy), file + ": tensor actor.gru0.w_input [3, 150] of its config's network is missing");
  policy = whole;
  std::swap(policy.weights[0].shape[0], policy.weights[0].shape[1]);
  EXPECT_EQ(refusal(policy),
            file + ": tensor actor.gru0.w_input has shape [150, 3]; its config's network has [3, 150]");
  policy = whole;
  policy.weights.push_back({"actor.more", {1}, {0}});
  EXPECT_EQ(refusal(policy), file + ": tensor actor.more belongs to no network of its config");
  policy = whole;
  policy.weights[1].values[0] = std::nanf("");
  EXPECT_EQ(refusal(policy), file + ": tensor " + policy.weights[1].name + " has a number that is not finite");
}

TEST(LoadNetworkPolicy, LostMetadataAreNamedWithWhatToDo) {
  testing::TemporaryDirectory folder;
  const std::string file = folder.path() + "/other.safetensors";
  const std::string rest =
      ": the entry \"config\", the run's RunConfig as text, is missing; save it again with the metadata of the file "
      "that it was read from, in Python safe_open(FILE, \"np\").metadata()";
  testing::WriteFile(file, EncodeSafetensors({{"a", {1}, {0}}}, {}));
  EXPECT_EQ(policy::LoadNetworkPolicy(fs::RealFileSystem(), file).status().message(),
            file + " has no __metadata__" + rest);
  testing::WriteFile(file, EncodeSafetensors({{"a", {1}, {0}}}, {{"format", "np"}}));
  EXPECT_EQ(policy::LoadNetworkPolicy(fs::RealFileSystem(), file).status().message(),
            file + " has no \"config\" in its __metadata__" + rest);
}

TEST(LoadNetworkPolicy, AFileOfANewerProgramSaysSo) {
  testing::TemporaryDirectory folder;
  const std::string file = folder.path() + "/newer.safetensors";
  const policy::NetworkPolicy policy = MakePolicy("reference", "b1", "rnn");
  auto metadata = ExportMetadata(policy);
  metadata["format"] = "nmn-policy-2";
  metadata["program"] = "nmn 7";
  testing::WriteFile(file, EncodeSafetensors(policy.weights, metadata));
  const absl::Status status = policy::LoadNetworkPolicy(fs::RealFileSystem(), file).status();
  EXPECT_TRUE(build::IsNewer(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(file + ": its format is nmn-policy-2 (written by nmn 7)"));
}

// A run directory with checkpoints of these updates, each with weights of its own.
policy::NetworkPolicy SaveCheckpoints(const std::string& directory, const std::vector<uint32_t>& updates,
                                      fs::FileSystem& fs = fs::RealFileSystem()) {
  policy::NetworkPolicy policy = MakePolicy("reference", "b1", "nmn");
  checkpoint::CheckpointStore store(fs, directory, 10);
  for (const uint32_t update : updates) {
    policy.weights[0].values[0] = static_cast<float>(update);
    checkpoint::Checkpoint checkpoint;
    *checkpoint.state.mutable_config() = policy.config;
    checkpoint.state.set_run_id(policy.run_id);
    checkpoint.state.set_update(update);
    checkpoint.weights = policy.weights;
    EXPECT_TRUE(store.Save(checkpoint).ok());
  }
  return policy;
}

TEST(LoadNetworkPolicy, AFolderAroundWhatWasMeantNamesIt) {
  const testing::TemporaryDirectory folder;
  SaveCheckpoints(folder.path() + "/run", {3});
  testing::WriteFile(folder.path() + "/run/config.textproto", "");
  const auto message = [](const std::string& path) {
    return std::string(policy::LoadNetworkPolicy(fs::RealFileSystem(), path).status().message());
  };
  EXPECT_THAT(message(folder.path()), HasSubstr("; below it there is " + folder.path() + "/run"));
  EXPECT_THAT(message(folder.path() + "/run/checkpoints"), HasSubstr("/run/checkpoints/ckpt-00000003"));
}

TEST(LoadNetworkPolicy, ACheckpointIsFoundByItsNumberWithoutTheZeros) {
  const testing::TemporaryDirectory folder;
  SaveCheckpoints(folder.path() + "/run", {3});
  const std::string checkpoints = folder.path() + "/run/checkpoints/";
  for (const char* name : {"ckpt-3", "ckpt-03", "ckpt-3/", "ckpt-00000003"}) {
    const absl::StatusOr<policy::NetworkPolicy> read =
        policy::LoadNetworkPolicy(fs::RealFileSystem(), checkpoints + name);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->update, 3u);
  }
  for (const char* name : {"ckpt-4", "ckpt-00000004"}) {
    const absl::Status status = policy::LoadNetworkPolicy(fs::RealFileSystem(), checkpoints + name).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
    EXPECT_THAT(std::string(status.message()), HasSubstr("has no checkpoint of update 4; it has those of 3"));
  }
  EXPECT_THAT(
      std::string(policy::LoadNetworkPolicy(fs::RealFileSystem(), folder.path() + "/no/ckpt-3").status().message()),
      HasSubstr("there is no run directory, checkpoint or file"));
}

TEST(NmnExport, TakesAnyCheckpointByItsUpdateOrItsPath) {
  testing::TemporaryDirectory folder;
  const std::string run = folder.path() + "/run", out = folder.path() + "/out.safetensors";
  SaveCheckpoints(run, {0, 10, 20});
  const auto exported = [&](const std::vector<std::string>& source) {
    std::vector<std::string> command = {Binary("nmn"), "export", "--out=" + out};
    command.insert(command.end(), source.begin(), source.end());
    const Outcome outcome = RunProcess(command);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return policy::LoadNetworkPolicy(fs::RealFileSystem(), out).value();
  };
  EXPECT_EQ(exported({run}).update, 20u);
  for (const policy::NetworkPolicy& policy :
       {exported({run, "--update=10"}), exported({run + "/checkpoints/ckpt-00000010"}),
        exported({run + "/checkpoints/ckpt-00000010/"})}) {
    EXPECT_EQ(policy.update, 10u);
    EXPECT_EQ(policy.weights[0].values[0], 10);
    EXPECT_EQ(policy.run_id, "test-run");
  }
  for (const char* verb : {"eval", "trace"}) {
    const Outcome outcome = RunProcess({Binary("nmn"), verb, "--policy=" + run + "/checkpoints/ckpt-00000000",
                                        "--episodes=1", "--set", "env.horizon=5"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
  }
}

TEST(NmnExport, ADamagedCheckpointIsNamedAndTheOneBeforeItIsTaken) {
  testing::TemporaryDirectory folder;
  const std::string run = folder.path() + "/run", newest = run + "/checkpoints/ckpt-00000020";
  const policy::NetworkPolicy policy = SaveCheckpoints(run, {10, 20});
  std::filesystem::resize_file(newest + "/weights.safetensors", 100);
  const std::string notice = run + ": the checkpoint of update 20 is damaged (" + newest + "/weights.safetensors ";
  for (const std::vector<std::string>& call :
       {std::vector<std::string>{"export", run, "--out=" + folder.path() + "/out.safetensors"},
        {"eval", "--policy=" + run, "--episodes=1", "--set", "env.horizon=5"}}) {
    std::vector<std::string> command = {Binary("nmn")};
    command.insert(command.end(), call.begin(), call.end());
    const Outcome outcome = RunProcess(command);
    EXPECT_EQ(outcome.code, 0);
    EXPECT_THAT(outcome.err, HasSubstr(notice));
    EXPECT_THAT(outcome.err, HasSubstr("), so this is the policy of update 10\n"));
  }
  // What is newer than the damaged one is not in question.
  policy::NetworkPolicy later = policy;
  later.update = 20;
  testing::WriteFile(run + "/policy.safetensors", Encode(later));
  EXPECT_EQ(policy::LoadNetworkPolicy(fs::RealFileSystem(), run)->notice, "");
}

// A run that goes on saves its next checkpoint and removes the only one that a reader has just found.
class RunGoesOn : public testing::FaultFileSystem {
 public:
  absl::StatusOr<std::string> Read(const std::string& path) override {
    if (!went_on_ && path.find("ckpt-00000020/") != std::string::npos) {
      went_on_ = true;
      SaveCheckpoints("/run", {30}, *this);
      EXPECT_TRUE(RemoveAll("/run/checkpoints/ckpt-00000020").ok());
    }
    return FaultFileSystem::Read(path);
  }
  bool went_on_ = true;
};

TEST(LoadNetworkPolicy, ACheckpointThatIsRemovedWhileItIsReadIsLookedForAgain) {
  RunGoesOn disk;
  SaveCheckpoints("/run", {20}, disk);
  disk.went_on_ = false;
  const auto read = policy::LoadNetworkPolicy(disk, "/run");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->update, 30u);
  EXPECT_EQ(read->notice, "");
}

// Of another user, or of a disk that has no descriptor for it just now.
class Unreadable : public testing::FaultFileSystem {
 public:
  absl::StatusOr<std::string> Read(const std::string& path) override {
    if (closed_ && path.find("ckpt-00000020/") != std::string::npos)
      return absl::PermissionDeniedError("cannot read " + path + ": Permission denied");
    return FaultFileSystem::Read(path);
  }
  bool closed_ = false;
};

TEST(LoadNetworkPolicy, ACheckpointThatMayNotBeReadIsNotDamaged) {
  Unreadable disk;
  const policy::NetworkPolicy policy = SaveCheckpoints("/run", {10, 20}, disk);
  disk.closed_ = true;
  EXPECT_EQ(policy::LoadNetworkPolicy(disk, "/run").status().code(), absl::StatusCode::kPermissionDenied);
  ASSERT_TRUE(disk.WriteDurably("/run/policy.safetensors", Encode(policy)).ok());
  const auto exported = policy::LoadNetworkPolicy(disk, "/run");
  ASSERT_TRUE(exported.ok()) << exported.status();
  EXPECT_THAT(exported->notice, HasSubstr("Permission denied), so this is policy.safetensors, of update "));
}

TEST(NmnExport, AnUpdateWithoutACheckpointNamesThoseThereAre) {
  testing::TemporaryDirectory folder;
  SaveCheckpoints(folder.path(), {0, 10, 20});
  const auto error = [&](const std::vector<std::string>& arguments) {
    std::vector<std::string> command = {Binary("nmn")};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const Outcome outcome = RunProcess(command);
    EXPECT_EQ(outcome.code, 42);
    return outcome.err;
  };
  EXPECT_EQ(error({"export", folder.path(), "--update=7", "--out=x"}),
            "nmn export: " + folder.path() + " has no checkpoint of update 7; it has those of 0, 10, 20\n");
  EXPECT_EQ(error({"eval", "--policy=" + folder.path(), "--update=7"}),
            "nmn eval: " + folder.path() + " has no checkpoint of update 7; it has those of 0, 10, 20\n");
  EXPECT_THAT(error({"export", folder.path() + "/checkpoints/ckpt-00000010", "--update=10", "--out=x"}),
              HasSubstr("--update=10 chooses among the checkpoints of a run directory"));
  EXPECT_THAT(error({"eval", "--benchmark=b1", "--policy=zero", "--update=1"}), HasSubstr("--update is for networks"));
}

TEST(NmnExport, ANameOfAnotherFormatIsRefused) {
  testing::TemporaryDirectory folder;
  SaveCheckpoints(folder.path(), {0});
  for (const char* name : {"p.onnx", "p.pt", "p.npz", "-"}) {
    const Outcome outcome = RunProcess({Binary("nmn"), "export", folder.path(), std::string("--out=") + name});
    EXPECT_EQ(outcome.code, 42) << name;
    EXPECT_THAT(outcome.err, HasSubstr(std::string("--out=") + name + ": it must end in .safetensors"));
    EXPECT_FALSE(std::filesystem::exists(name));
  }
  for (const char* name : {"/plain", "/p.v2", "/p.SAFETENSORS"})
    EXPECT_EQ(RunProcess({Binary("nmn"), "export", folder.path(), "--out=" + folder.path() + name}).code, 0) << name;
}

TEST(NmnExport, WritesThroughAPipeWithNothingAfterTheFile) {
  testing::TemporaryDirectory folder;
  const policy::NetworkPolicy policy = MakePolicy("reference", "b1", "rnn");
  const std::string file = folder.path() + "/policy.safetensors";
  testing::WriteFile(file, Encode(policy));
  const Outcome outcome = RunProcess(
      {"/bin/sh", "-c", Binary("nmn") + " export " + file + " --out=/dev/stdout | cat && test -L /dev/stdout"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out, Encode(policy));
  const Outcome redirected = RunProcess({Binary("nmn"), "export", file, "--out=/dev/stdout"});  // to a file
  EXPECT_EQ(redirected.out, Encode(policy));
  EXPECT_THAT(redirected.err, HasSubstr(WeightsSha256(policy.weights)));
}

TEST(NmnExport, AFullDeviceIsNamedWithItsReason) {
  testing::TemporaryDirectory folder;
  const std::string file = folder.path() + "/policy.safetensors";
  testing::WriteFile(file, Encode(MakePolicy("reference", "b1", "rnn")));
  const Outcome outcome = RunProcess({Binary("nmn"), "export", file, "--out=/dev/full"});
  EXPECT_EQ(outcome.code, 1);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err,
            "nmn export: cannot write /dev/full: No space left on device; free some space and call it again\n");
}

// As Python's safetensors package saves: wider types first, then by name, the header padded with spaces.
const char kSave[] = R"(
def save(path, tensors, metadata):
    names = {"float32": "F32", "float16": "F16", "float64": "F64"}
    header, body = {"__metadata__": metadata} if metadata else {}, b""
    for name, array in sorted(tensors.items(), key=lambda item: (-item[1].dtype.itemsize, item[0])):
        data = array.tobytes()
        header[name] = {"dtype": names[str(array.dtype)], "shape": list(array.shape), "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    open(path, "wb").write(struct.pack("<Q", len(text)) + text + body)
)";

class PolicyOfPython : public ::testing::Test {
 protected:
  void SetUp() override {
    python_ = testing::PythonWithNumpy();
    if (python_.empty()) GTEST_SKIP() << "NO PYTHON WITH NUMPY: apt-get install python3-numpy";
    testing::WriteFile(In("policy.safetensors"), Encode(policy_));
  }
  std::string In(const std::string& name) const { return folder_.path() + "/" + name; }

  // Runs `code` with `tensors` and `meta` of the policy and `out`, the path of what it is to save.
  std::string Save(const std::string& code) const {
    const std::string page = testing::CodeOfExportPage();
    testing::WriteFile(In("save.py"), page.substr(0, page.find("sigmoid =")) + kSave +
                                          "tensors, meta = load(sys.argv[1])\nout = sys.argv[2]\n" + code);
    const Outcome outcome = RunProcess({python_, In("save.py"), In("policy.safetensors"), In("saved.safetensors")});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return In("saved.safetensors");
  }

  const policy::NetworkPolicy policy_ = MakePolicy("reference", "b1", "nmn");
  testing::TemporaryDirectory folder_;
  std::string python_;
};

TEST_F(PolicyOfPython, IsTheSamePolicyInAnotherOrderAndAWiderType) {
  for (const char* code : {"save(out, tensors, dict(meta, note='from Python'))",
                           "save(out, {k: v.astype('f8') for k, v in tensors.items()}, meta)",
                           "save(out, {k: v.astype('f8') if 'gru' in k else v for k, v in tensors.items()}, meta)"}) {
    const Outcome outcome = RunProcess({Binary("nmn"), "export", Save(code), "--out=" + In("again.safetensors")});
    ASSERT_EQ(outcome.code, 0) << code << outcome.err;
    EXPECT_EQ(testing::ReadFile(In("again.safetensors")), Encode(policy_)) << code;
  }
}

TEST_F(PolicyOfPython, InHalfPrecisionIsRead) {
  const auto read = policy::LoadNetworkPolicy(fs::RealFileSystem(),
                                              Save("save(out, {k: v.astype('f2') for k, v in tensors.items()}, meta)"));
  ASSERT_TRUE(read.ok()) << read.status();
  for (size_t t = 0; t < policy_.weights.size(); ++t) {
    for (size_t i = 0; i < policy_.weights[t].values.size(); ++i) {
      ASSERT_NEAR(read->weights[t].values[i], policy_.weights[t].values[i], 1.3e-4);  // half a last place below 0.3
    }
  }
}

TEST_F(PolicyOfPython, ADoubleThatIsNoFloatNamesItsTensor) {
  const std::string file = Save(
      "tensors = {k: v.astype('f8') for k, v in tensors.items()}\ntensors['critic.head.bias'][0] = 0.1\n"
      "save(out, tensors, meta)");
  EXPECT_THAT(std::string(policy::LoadNetworkPolicy(fs::RealFileSystem(), file).status().message()),
              HasSubstr("tensor \"critic.head.bias\" is of type F64 and its element 0, 0.1"));
}

TEST_F(PolicyOfPython, WithoutMetadataSaysWhatIsMissing) {
  const Outcome outcome = RunProcess({Binary("nmn"), "eval", "--policy=" + Save("save(out, tensors, None)")});
  EXPECT_EQ(outcome.code, 42);
  EXPECT_THAT(outcome.err, HasSubstr("has no __metadata__: the entry \"config\""));
}

TEST(ExportPage, CodeIsAtMost75Lines) {
  const std::string code = testing::CodeOfExportPage();
  ASSERT_THAT(code, HasSubstr("import numpy"));
  EXPECT_LE(std::count(code.begin(), code.end(), '\n'), 75);
}

struct PageCase {
  const char* preset;
  const char* benchmark;
  const char* architecture;
  std::vector<std::string> assignments;
};

class ExportPageForward : public ::testing::TestWithParam<PageCase> {};

TEST_P(ExportPageForward, ComputesWhatTheProgramTraces) {
  const std::string python = testing::PythonWithNumpy();
  if (python.empty()) GTEST_SKIP() << "NO PYTHON WITH NUMPY: apt-get install python3-numpy";
  const PageCase& c = GetParam();
  testing::TemporaryDirectory folder;
  const std::string policy = folder.path() + "/policy.safetensors", trace = folder.path() + "/trace.csv",
                    script = folder.path() + "/forward.py";
  std::vector<std::string> assignments = c.assignments;
  assignments.push_back("env.horizon=60");
  testing::WriteFile(policy, Encode(MakePolicy(c.preset, c.benchmark, c.architecture, assignments)));
  testing::WriteFile(script, testing::CodeOfExportPage());
  const Outcome traced = RunProcess({Binary("nmn"), "trace", "--policy=" + policy, "--episodes=2", "--csv=" + trace});
  ASSERT_EQ(traced.code, 0) << traced.err;
  const Outcome outcome = RunProcess({python, script, policy, trace});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  const std::string words = "largest difference ";
  ASSERT_EQ(outcome.out.rfind(words, 0), 0u) << outcome.out;
  const double difference = std::strtod(outcome.out.c_str() + words.size(), nullptr);
  EXPECT_GT(difference, 0);  // float64 beside float32: equality would mean that nothing was compared
  EXPECT_LT(difference, 1e-4);
}

INSTANTIATE_TEST_SUITE_P(Networks, ExportPageForward,
                         ::testing::Values(PageCase{"reference", "b1", "nmn", {}}, PageCase{"paper", "b2", "nmn", {}},
                                           PageCase{"reference", "b3", "rnn", {}},
                                           PageCase{"fast", "b2", "rnn", {"network.previous_observation=true"}},
                                           PageCase{"reference",
                                                    "b3",
                                                    "nmn",
                                                    {"network.signal_lag=true", "network.signal_activation=tanh",
                                                     "network.main_activation=sigmoid"}}),
                         [](const auto& info) {
                           return std::string(info.param.preset) + info.param.benchmark + info.param.architecture;
                         });

// What a run would miss when it is resumed or reported.
TEST(NmnExport, AndTraceLeaveTheFilesOfARunAlone) {
  const testing::TemporaryDirectory folder;
  const std::string policy = folder.path() + "/policy.safetensors", run = folder.path() + "/run";
  testing::WriteFile(policy, Encode(MakePolicy("reference", "b1", "nmn")));
  std::filesystem::create_directories(run + "/checkpoints/ckpt-00000003");
  for (const char* own : {"/config.textproto", "/episodes.csv", "/checkpoints/ckpt-00000003/weights.safetensors"}) {
    testing::WriteFile(run + own, "the run's own\n");
    for (const std::vector<std::string>& command :
         {std::vector<std::string>{"export", policy, "--out=" + run + own},
          std::vector<std::string>{"trace", "--policy=" + policy, "--episodes=1", "--out=" + run + own},
          std::vector<std::string>{"trace", "--policy=" + policy, "--episodes=1", "--npz=" + run + own}}) {
      std::vector<std::string> whole = {Binary("nmn")};
      whole.insert(whole.end(), command.begin(), command.end());
      const Outcome outcome = RunProcess(whole);
      EXPECT_EQ(outcome.code, 42) << outcome.err;
      EXPECT_THAT(outcome.err, HasSubstr(" is a file that the run "));
      EXPECT_EQ(testing::ReadFile(run + own), "the run's own\n");
    }
  }
  const Outcome beside = RunProcess({Binary("nmn"), "export", policy, "--out=" + run + "/mine.safetensors"});
  EXPECT_EQ(beside.code, 0) << beside.err;
}

TEST(NmnExport, LeavesTheFilesOfSweepsAndOfCertificatesAlone) {
  const testing::TemporaryDirectory folder;
  const std::string policy = folder.path() + "/policy.safetensors", sweep = folder.path() + "/sweep",
                    certificates = folder.path() + "/certs";
  testing::WriteFile(policy, Encode(MakePolicy("reference", "b1", "nmn")));
  std::filesystem::create_directories(sweep + "/configs");
  std::filesystem::create_directories(certificates);
  for (const auto& [own, owner] :
       std::vector<std::pair<std::string, std::string>>{{sweep + "/sweep.json", "the sweep "},
                                                        {sweep + "/runs.txt", "the sweep "},
                                                        {sweep + "/configs/b1-nmn-s1.textproto", "the sweep "},
                                                        {certificates + "/ca.crt", "the folder of certificates "},
                                                        {certificates + "/ca.key", "the folder of certificates "}}) {
    testing::WriteFile(own, "its own\n");
    const Outcome outcome = RunProcess({Binary("nmn"), "export", policy, "--out=" + own});
    EXPECT_EQ(outcome.code, 42) << own;
    EXPECT_THAT(outcome.err, HasSubstr(" is a file that " + owner));
    EXPECT_EQ(testing::ReadFile(own), "its own\n");
  }
  EXPECT_EQ(RunProcess({Binary("nmn"), "export", policy, "--out=" + sweep + "/mine.safetensors"}).code, 0);
}

}  // namespace
}  // namespace nmn::cli
