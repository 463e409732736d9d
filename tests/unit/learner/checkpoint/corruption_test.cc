#include <gmock/gmock.h>

#include <fstream>
#include <map>

#include "common/build/newer.h"
#include "common/digest/sha256.h"
#include "common/exit_code/exit_code.h"
#include "google/protobuf/text_format.h"
#include "learner/checkpoint/layout.h"
#include "tests/unit/learner/checkpoint/store_fixture.h"

namespace nmn::checkpoint {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

const char* const kFiles[] = {"MANIFEST", "optimizer.safetensors", "state.binpb", "weights.safetensors"};

class CorruptionTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    Save(10);
  }
  std::string Get(const std::string& file) { return *fs::RealFileSystem().Read(Folder("ckpt-00000010/" + file)); }
  // Unsynced, because thousands of syncs take long.
  void Put(const std::string& file, const std::string& content) {
    std::ofstream(Folder("ckpt-00000010/" + file), std::ios::binary) << content;
  }
  absl::Status Read() { return ReadCheckpoint(fs::RealFileSystem(), Folder("ckpt-00000010")).status(); }
};

TEST_F(CorruptionTest, OneFlippedBitInAnyByteOfAnyFileIsDetected) {
  ASSERT_TRUE(Read().ok());
  for (const char* file : kFiles) {
    const std::string good = Get(file);
    for (size_t byte = 0; byte < good.size(); ++byte) {
      std::string bad = good;
      bad[byte] = static_cast<char>(bad[byte] ^ (1 << (byte % 8)));
      Put(file, bad);
      EXPECT_EQ(Read().code(), absl::StatusCode::kDataLoss) << file << " byte " << byte;
    }
    Put(file, good);
  }
  EXPECT_TRUE(Read().ok());
}

TEST_F(CorruptionTest, EveryTruncationAndAnyAddedByteIsDetected) {
  for (const char* file : kFiles) {
    const std::string good = Get(file);
    for (size_t size = 0; size < good.size(); ++size) {
      Put(file, good.substr(0, size));
      EXPECT_EQ(Read().code(), absl::StatusCode::kDataLoss) << file << " cut to " << size;
    }
    Put(file, good + '\n');
    EXPECT_EQ(Read().code(), absl::StatusCode::kDataLoss) << file;
    Put(file, std::string(good.size(), '\0'));
    EXPECT_EQ(Read().code(), absl::StatusCode::kDataLoss) << file;
    Put(file, good);
  }
}

TEST_F(CorruptionTest, EveryMissingFileIsNamed) {
  for (const char* file : kFiles) {
    const std::string good = Get(file);
    std::filesystem::remove(Folder(std::string("ckpt-00000010/") + file));
    EXPECT_EQ(Read().message(), Folder(std::string("ckpt-00000010/") + file) + " is missing");
    Put(file, good);
  }
}

TEST_F(CorruptionTest, SwappedFilesAreDetected) {
  for (const char* first : kFiles) {
    for (const char* second : kFiles) {
      if (std::string(first) >= second) continue;
      const std::string a = Get(first);
      const std::string b = Get(second);
      Put(first, b);
      Put(second, a);
      EXPECT_EQ(Read().code(), absl::StatusCode::kDataLoss) << first << " " << second;
      Put(first, a);
      Put(second, b);
    }
  }
}

TEST_F(CorruptionTest, FilesOfAnotherCheckpointAreDetected) {
  Save(20);
  for (const char* file : kFiles) {
    const std::string good = Get(file);
    Put(file, *fs::RealFileSystem().Read(Folder(std::string("ckpt-00000020/") + file)));
    EXPECT_EQ(Read().code(), absl::StatusCode::kDataLoss) << file;
    Put(file, good);
  }
}

TEST_F(CorruptionTest, AFolderUnderAnotherUpdatesNameIsDetected) {
  std::filesystem::rename(Folder("ckpt-00000010"), Folder("ckpt-00000030"));
  EXPECT_EQ(ReadCheckpoint(fs::RealFileSystem(), Folder("ckpt-00000030")).status().message(),
            Folder("ckpt-00000030/MANIFEST") + " is of update 10, not of its folder's");
}

TEST_F(CorruptionTest, TheReasonIsSaidInWords) {
  const std::string good = Get("weights.safetensors");
  Put("weights.safetensors", good.substr(0, 5));
  EXPECT_EQ(Read().message(), Folder("ckpt-00000010/weights.safetensors") + " has 5 bytes; its MANIFEST says " +
                                  std::to_string(good.size()));
  std::string bad = good;
  bad.back() ^= 1;
  Put("weights.safetensors", bad);
  EXPECT_EQ(Read().message(),
            Folder("ckpt-00000010/weights.safetensors") + " is altered: its SHA-256 is not its MANIFEST's");
}

TEST_F(CorruptionTest, RestoreFallsBackReportsAndKeepsTheBadOneAside) {
  Save(20);
  std::filesystem::remove(Folder("ckpt-00000020/state.binpb"));
  const auto restored = Restore();
  ASSERT_TRUE(restored.ok()) << restored.status();
  ExpectSame(**restored, Make(10));
  EXPECT_THAT(Names(), ElementsAre("ckpt-00000010", "ckpt-00000020.corrupt"));
  EXPECT_THAT(reports_, ElementsAre("corrupt checkpoint: " + Folder("ckpt-00000020/state.binpb") +
                                    " is missing; kept as " + Folder("ckpt-00000020") + ".corrupt"));
}

TEST_F(CorruptionTest, WithNoneValidRestoreRefusesNamesTheFilesAndSaysWhatToDo) {
  Put("MANIFEST", "");
  for (int attempt = 0; attempt < 2; ++attempt) {
    const absl::Status status = Restore().status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(std::string(status.message()), HasSubstr(Folder("ckpt-00000010")));
    EXPECT_THAT(std::string(status.message()),
                HasSubstr("put a good copy back, or move " + run_ + "/checkpoints away to start from nothing"));
    EXPECT_TRUE(*Store().Any());
  }
}

std::map<std::string, std::string> Content(const std::string& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
    if (entry.is_regular_file()) files[entry.path()] = *fs::RealFileSystem().Read(entry.path());
  }
  return files;
}

// A newer program raises the format, or knows a field that this one does not.
class NewerCheckpointTest : public CorruptionTest {
 protected:
  // Refused with what `has` says, nothing renamed or removed, and no older checkpoint loaded in its place.
  void ExpectRefused(const std::string& has) {
    const auto before = Content(run_);
    const absl::Status status = Restore().status();
    EXPECT_TRUE(build::IsNewer(status)) << status;
    EXPECT_EQ(ExitCodeOf(status), kExitPermanent);
    EXPECT_THAT(std::string(status.message()),
                AllOf(HasSubstr(Folder("ckpt-00000010/" + has)), HasSubstr("(written by " + build::Program() + ")"),
                      HasSubstr("checkpoints of format 1"), Not(HasSubstr("corrupt"))));
    EXPECT_EQ(Content(run_), before);
    EXPECT_TRUE(reports_.empty());
  }
  // Writes the state anew, with the digest that belongs to it.
  void PutState(const v1::CheckpointState& state) {
    const std::string bytes = state.SerializeAsString();
    v1::CheckpointManifest manifest;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(Get("MANIFEST"), &manifest));
    manifest.mutable_files(2)->set_bytes(bytes.size());
    manifest.mutable_files(2)->set_sha256(Hex(Sha256Of(bytes)));
    Put("state.binpb", bytes);
    Put("MANIFEST", ManifestText(manifest));
  }
  v1::CheckpointState State() {
    v1::CheckpointState state;
    EXPECT_TRUE(state.ParseFromString(Get("state.binpb")));
    return state;
  }
};

TEST_F(NewerCheckpointTest, AHigherFormatInTheManifest) {
  Save(5);
  std::string manifest = Get("MANIFEST");
  manifest.replace(manifest.find("format: 1"), 9, "format: 2\nsignature: \"unheard of\"");
  Put("MANIFEST", manifest);
  ExpectRefused("MANIFEST has format 2");
}

TEST_F(NewerCheckpointTest, AHigherFormatInTheState) {
  v1::CheckpointState state = State();
  state.set_format(7);
  PutState(state);
  ExpectRefused("state.binpb has format 7");
}

TEST_F(NewerCheckpointTest, AnUnknownFieldOfItsConfig) {
  v1::CheckpointState state = State();
  v1::PpoOptions& ppo = *state.mutable_config()->mutable_ppo();
  ppo.GetReflection()->MutableUnknownFields(&ppo)->AddVarint(900, 1);
  PutState(state);
  ExpectRefused("state.binpb has a field that is unknown here");
}

TEST_F(CorruptionTest, ASecondCorruptCheckpointOfAnUpdateReplacesTheFirst) {
  Put("MANIFEST", "");
  EXPECT_FALSE(Restore().ok());
  Save(5);
  Save(10);
  Put("MANIFEST", "");
  ExpectSame(**Restore(), Make(5));
  EXPECT_THAT(Names(), ElementsAre("ckpt-00000005", "ckpt-00000010.corrupt"));
}

}  // namespace
}  // namespace nmn::checkpoint
