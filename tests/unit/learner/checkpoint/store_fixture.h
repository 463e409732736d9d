#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "learner/checkpoint/checkpoint.h"

namespace nmn::checkpoint {

// A run directory on the real disk, and checkpoints that differ from update to update.
class StoreTest : public ::testing::Test {
 public:
  static Checkpoint Make(uint32_t update) {
    Checkpoint checkpoint;
    checkpoint.state.set_format(1);
    checkpoint.state.set_run_id("run");
    checkpoint.state.set_update(update);
    checkpoint.state.mutable_trainer()->set_beta(0.1 * update);
    const float value = static_cast<float>(update);
    checkpoint.weights = {{"actor.w", {2, 2}, {value, 2, 3, 4}}, {"critic.w", {1}, {-value}}};
    checkpoint.optimizer = {{"actor.m", {1}, {value + 0.5f}}};
    return checkpoint;
  }

 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "nmn_ckpt_XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    run_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(run_); }

  static void ExpectSame(const Checkpoint& got, const Checkpoint& want) {
    EXPECT_EQ(got.state.SerializeAsString(), want.state.SerializeAsString());
    EXPECT_EQ(got.weights, want.weights);
    EXPECT_EQ(got.optimizer, want.optimizer);
  }

  CheckpointStore Store(uint32_t keep = 3) { return CheckpointStore(fs::RealFileSystem(), run_, keep); }
  void Save(uint32_t update) {
    const absl::Status status = Store().Save(Make(update));
    ASSERT_TRUE(status.ok()) << status;
  }
  // Restores and collects what is reported.
  absl::StatusOr<std::optional<Checkpoint>> Restore() {
    reports_.clear();
    return Store().Restore([this](const std::string& report) { reports_.push_back(report); });
  }
  std::string Folder(const std::string& name) const { return run_ + "/checkpoints/" + name; }
  std::vector<std::string> Names() const { return *fs::RealFileSystem().List(run_ + "/checkpoints"); }

  std::string run_;
  std::vector<std::string> reports_;
};

}  // namespace nmn::checkpoint
