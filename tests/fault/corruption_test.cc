// Rows 7 and 8: bytes flipped, files cut, zeroed, swapped in the newest checkpoint; all checkpoints corrupt.

#include <gmock/gmock.h>

#include <map>
#include <random>

#include "common/build/newer.h"
#include "tests/fault/row.h"
#include "tests/support/fault_file_system.h"
#include "tests/support/toy_run.h"

namespace nmn::fault {
namespace {

using testing::FaultFileSystem;
using ::testing::HasSubstr;
using testing::ToyRun;

const char* const kFiles[] = {"weights.safetensors", "optimizer.safetensors", "state.binpb", "MANIFEST"};
const std::string kDirectory = "/runs/toy";
const std::string kNewest = kDirectory + "/checkpoints/ckpt-00000003/";

// A run with the checkpoints of updates 1, 2 and 3.
void Train(FaultFileSystem& disk) {
  ToyRun run(disk, kDirectory);
  ASSERT_TRUE(run.Start().ok());
  for (const char* batch : {"one", "two", "three"}) {
    ASSERT_TRUE(run.Update(batch).ok());
    ASSERT_TRUE(run.Save().ok());
  }
}

class Corruption : public ::testing::Test {
 protected:
  void SetUp() override {
    FaultFileSystem disk;
    Train(disk);
    for (const char* file : kFiles) good_[file] = *disk.Get(kNewest + file);
  }

  // Whether a start on a disk whose newest checkpoint has these files falls back to the one before, and says so. The
  // state of the third update must not be seen.
  bool Detected(const std::map<std::string, std::string>& files) {
    FaultFileSystem disk;
    Train(disk);
    for (const auto& [name, content] : files) disk.Put(kNewest + name, content);
    ToyRun run(disk, kDirectory);
    const absl::Status status = run.Start();
    // A bit of the format's number that flipped looks like a newer program: refused, and not loaded.
    if (build::IsNewer(status)) return files.begin()->first == "MANIFEST";
    EXPECT_TRUE(status.ok()) << status;
    return run.update() == 2 && run.weights() == testing::ToyWeights({"one", "two"}) && run.notices().size() == 1;
  }

  uint64_t TotalBytes() const {
    uint64_t bytes = 0;
    for (const auto& [name, content] : good_) bytes += content.size();
    return bytes;
  }
  // File and offset of byte `at` of all files together.
  std::pair<std::string, uint64_t> Locate(uint64_t at) const {
    for (const auto& [name, content] : good_) {
      if (at < content.size()) return {name, at};
      at -= content.size();
    }
    return {};
  }

  std::map<std::string, std::string> good_;
};

TEST_F(Corruption, Row7EveryDamageIsDetectedAndTheOneBeforeIsLoaded) {
  std::mt19937_64 draw(7);
  uint64_t flips = 0, cuts = 0, others = 0, missed = 0;
  for (; flips < 1000; ++flips) {
    const auto [file, offset] = Locate(draw() % TotalBytes());
    std::string content = good_[file];
    content[offset] = static_cast<char>(content[offset] ^ (1 + draw() % 255));
    if (!Detected({{file, content}})) {
      ++missed;
      ADD_FAILURE() << file << ", byte " << offset << " changed";
    }
  }
  for (; cuts < 100; ++cuts) {
    const auto [file, size] = Locate(draw() % TotalBytes());
    if (!Detected({{file, good_[file].substr(0, size)}})) {
      ++missed;
      ADD_FAILURE() << file << " cut to " << size;
    }
  }
  std::vector<std::map<std::string, std::string>> damages;
  for (const char* a : kFiles) {
    damages.push_back({{a, ""}});
    damages.push_back({{a, std::string(good_[a].size(), '\0')}});
    for (const char* b : kFiles) {
      if (std::string(a) < b) damages.push_back({{a, good_[b]}, {b, good_[a]}});
    }
  }
  for (const auto& damage : damages) {
    ++others;
    if (!Detected(damage)) {
      ++missed;
      ADD_FAILURE() << damage.begin()->first << " zeroed, emptied or swapped";
    }
  }
  PrintFigure("7", std::to_string(flips) + " byte flips, " + std::to_string(cuts) + " truncations, " +
                       std::to_string(others) +
                       " zeroed, emptied or swapped: " + std::to_string(flips + cuts + others - missed) +
                       " detected, " + std::to_string(missed) + " silent loads");
}

// Of the store alone; the exit code of the real binaries is in corrupt_run_test.cc.
TEST_F(Corruption, Row8WithAllCorruptTheStartIsRefusedAndEachFileNamed) {
  FaultFileSystem disk;
  Train(disk);
  for (const char* folder : {"ckpt-00000001", "ckpt-00000002", "ckpt-00000003"})
    disk.Put(kDirectory + "/checkpoints/" + folder + "/weights.safetensors", "junk");
  ToyRun run(disk, kDirectory);
  const absl::Status status = run.Start();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  for (const char* folder : {"ckpt-00000001", "ckpt-00000002", "ckpt-00000003"})
    EXPECT_THAT(std::string(status.message()), HasSubstr(std::string(folder) + "/weights.safetensors"));
}

}  // namespace
}  // namespace nmn::fault
