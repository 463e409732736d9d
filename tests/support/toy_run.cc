#include "tests/support/toy_run.h"

#include <cstring>
#include <map>
#include <utility>

#include "common/digest/sha256.h"
#include "learner/run/generation.h"

namespace nmn::testing {
namespace {

constexpr size_t kWeightBytes = 32;

std::string Trained(const std::string& weights, const std::string& batch) {
  Sha256 hash;
  hash.Update(weights);
  hash.Update(batch);
  return hash.Finish();
}

// A byte a float: every bit pattern of a hash is a finite tensor.
NamedTensor AsTensor(const std::string& weights) {
  NamedTensor tensor{"weights", {static_cast<int64_t>(weights.size())}, {}};
  for (const char byte : weights) tensor.values.push_back(static_cast<float>(static_cast<unsigned char>(byte)));
  return tensor;
}

std::string FromTensor(const NamedTensor& tensor) {
  std::string weights;
  for (const float value : tensor.values) weights.push_back(static_cast<char>(static_cast<unsigned char>(value)));
  return weights;
}

}  // namespace

ToyRun::ToyRun(fs::FileSystem& fs, std::string directory, uint32_t keep)
    : fs_(fs), directory_(std::move(directory)), keep_(keep), weights_(kWeightBytes, '\0') {}

absl::Status ToyRun::Start() {
  if (absl::Status status = fs_.CreateDirectories(directory_); !status.ok()) return status;
  absl::StatusOr<std::unique_ptr<run::RunDirectory>> files = run::RunDirectory::Open(fs_, directory_);
  if (!files.ok()) return files.status();
  files_ = *std::move(files);
  events_ = std::make_unique<run::EventLog>(*files_);
  checkpoints_ = std::make_unique<checkpoint::CheckpointStore>(fs_, directory_, keep_);
  absl::StatusOr<std::optional<checkpoint::Checkpoint>> found =
      checkpoints_->Restore([this](const std::string& notice) { notices_.push_back(notice); });
  if (!found.ok()) return found.status();
  if (found->has_value()) {
    if (absl::Status status = Restore(**found); !status.ok()) return status;
  } else if (absl::Status status = files_->CutBack({}); !status.ok()) {
    return status;
  }
  const absl::StatusOr<run::Generation> generation =
      run::RaiseGeneration(fs_, directory_, /*resumed=*/found->has_value());
  if (!generation.ok()) return generation.status();
  generation_ = generation->count;
  if (!found->has_value()) {
    if (absl::Status status = Save(); !status.ok()) return status;
  }
  events_->Generation(generation_);
  return absl::OkStatus();
}

absl::Status ToyRun::Restore(const checkpoint::Checkpoint& checkpoint) {
  update_ = checkpoint.state.update();
  weights_ = FromTensor(checkpoint.weights[0]);
  const auto& lengths = checkpoint.state.progress().file_bytes();
  events_->Restored(update_);
  return files_->CutBack(std::map<std::string, uint64_t>(lengths.begin(), lengths.end()));
}

absl::Status ToyRun::Update(const std::string& batch) {
  events_->UpdateBegun(update_ + 1);
  weights_ = Trained(weights_, batch);
  ++update_;
  events_->UpdateDone(update_);
  metrics::MetricsRecord metrics;
  metrics.update = update_;
  return files_->Append(metrics, {update_, {1.0}, {1.0}, {}, {}});
}

absl::Status ToyRun::Save() {
  if (absl::Status status = events_->Flush(); !status.ok()) return status;
  const absl::StatusOr<std::map<std::string, uint64_t>> lengths = files_->SyncedLengths();
  if (!lengths.ok()) return lengths.status();
  checkpoint::Checkpoint checkpoint;
  checkpoint.state.set_format(1);
  checkpoint.state.set_run_id("toy");
  checkpoint.state.set_update(update_);
  checkpoint.state.mutable_progress()->mutable_file_bytes()->insert(lengths->begin(), lengths->end());
  checkpoint.weights = {AsTensor(weights_)};
  if (absl::Status status = checkpoints_->Save(checkpoint); !status.ok()) return status;
  events_->CheckpointSaved(update_);
  return absl::OkStatus();
}

std::string ToyWeights(const std::vector<std::string>& batches) {
  std::string weights(kWeightBytes, '\0');
  for (const std::string& batch : batches) weights = Trained(weights, batch);
  return weights;
}

}  // namespace nmn::testing
