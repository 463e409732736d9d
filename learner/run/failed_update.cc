#include "learner/run/failed_update.h"

#include <google/protobuf/text_format.h>

#include <charconv>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/config/config.h"
#include "common/digest/sha256.h"
#include "common/safetensors/safetensors.h"

namespace nmn::run {
namespace {

const char kFormat[] = "nmn-failed-update-1";
const char kDigest[] = "sha256";
const char kBatch[] = "batch.";
const char kWeights[] = "weights.";
const char kOptimizer[] = "optimizer.";
const char* const kFields[] = {"observation", "raw_action", "action", "reward", "mean", "log_variance"};

using Metadata = std::map<std::string, std::string>;

// SHA-256, hexadecimal, of the metadata but itself and of the tensors with their names.
std::string DigestOf(const std::vector<NamedTensor>& tensors, const Metadata& metadata) {
  Sha256 sha;
  for (const auto& [name, value] : metadata) {
    if (name != kDigest) sha.Update(absl::StrCat(name, "=", value.size(), ":", value));
  }
  for (const NamedTensor& tensor : tensors) sha.Update(tensor.name + "\n");
  return Hex(Sha256Of(sha.Finish() + WeightsSha256(tensors)));
}

NamedTensor AsTensor(const std::string& name, ConstView2 view) {
  NamedTensor tensor{name, {static_cast<int64_t>(view.rows), static_cast<int64_t>(view.columns)}, {}};
  for (size_t r = 0; r < view.rows; ++r)
    tensor.values.insert(tensor.values.end(), view.row(r), view.row(r) + view.columns);
  return tensor;
}

void AppendPrefixed(const char* prefix, const std::vector<NamedTensor>& from, std::vector<NamedTensor>& to) {
  for (const NamedTensor& tensor : from) to.push_back({prefix + tensor.name, tensor.shape, tensor.values});
}

// Takes `prefix` off the tensor's name; false where it has another.
bool Unprefix(const std::string& prefix, NamedTensor& tensor) {
  if (tensor.name.rfind(prefix, 0) != 0) return false;
  tensor.name.erase(0, prefix.size());
  return true;
}

absl::Status CheckBatch(const std::vector<NamedTensor>& batch) {
  if (batch.size() != std::size(kFields))
    return absl::DataLossError(
        absl::StrCat("it holds ", batch.size(), " arrays of the batch instead of ", std::size(kFields)));
  for (size_t i = 0; i < batch.size(); ++i) {
    if (batch[i].name != kFields[i] || batch[i].shape.size() != (i == 0 ? 3u : 2u))
      return absl::DataLossError(
          absl::StrCat("array ", batch[i].name, " of the batch stands where ", kFields[i], " is expected"));
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<NamedTensor> CopyBatch(const ppo::TrajectoryBatch& batch) {
  const ConstView3& x = batch.observation;
  NamedTensor observation = AsTensor(kFields[0], ConstView2(x.data, x.planes * x.rows, x.columns));
  observation.shape = {static_cast<int64_t>(x.planes), static_cast<int64_t>(x.rows), static_cast<int64_t>(x.columns)};
  return {std::move(observation),
          AsTensor(kFields[1], batch.raw_action),
          AsTensor(kFields[2], batch.action),
          AsTensor(kFields[3], batch.reward),
          AsTensor(kFields[4], batch.mean),
          AsTensor(kFields[5], batch.log_variance)};
}

ppo::TrajectoryBatch BatchOf(const FailedUpdate& failed) {
  const auto axis = [&](size_t i, size_t a) { return static_cast<size_t>(failed.batch[i].shape[a]); };
  const auto view = [&](size_t i) { return ConstView2(failed.batch[i].values.data(), axis(i, 0), axis(i, 1)); };
  return {ConstView3(failed.batch[0].values.data(), axis(0, 0), axis(0, 1), axis(0, 2)),
          view(1),
          view(2),
          view(3),
          view(4),
          view(5)};
}

std::string EncodeFailedUpdate(const FailedUpdate& failed) {
  std::vector<NamedTensor> tensors;
  AppendPrefixed(kBatch, failed.batch, tensors);
  AppendPrefixed(kWeights, failed.before.weights, tensors);
  AppendPrefixed(kOptimizer, failed.before.optimizer, tensors);
  std::string trainer;
  google::protobuf::TextFormat::PrintToString(failed.before.scalars, &trainer);
  Metadata metadata = {{"format", kFormat},
                       {"run_id", failed.run_id},
                       {"commit", failed.commit},
                       {"update", absl::StrCat(failed.update)},
                       {"code", failed.code},
                       {"reason", failed.reason},
                       {"config", config::Print(failed.config)},
                       {"trainer", trainer}};
  metadata[kDigest] = DigestOf(tensors, metadata);
  return EncodeSafetensors(tensors, metadata);
}

absl::StatusOr<FailedUpdate> DecodeFailedUpdate(std::string_view bytes) {
  absl::StatusOr<SafetensorsFile> file = DecodeSafetensors(bytes);
  if (!file.ok()) return file.status();
  Metadata& metadata = file->metadata;
  if (metadata["format"] != kFormat) {
    return absl::InvalidArgumentError(
        absl::StrCat("its format is \"", metadata["format"], "\"; a failed update's is \"", kFormat, "\""));
  }
  if (metadata[kDigest] != DigestOf(file->tensors, metadata))
    return absl::DataLossError("its content does not match its sha256");
  FailedUpdate failed;
  absl::StatusOr<v1::RunConfig> config = config::Parse(metadata["config"], "config");
  if (!config.ok()) return config.status();
  failed.config = *std::move(config);
  if (!google::protobuf::TextFormat::ParseFromString(metadata["trainer"], &failed.before.scalars))
    return absl::DataLossError("the trainer's scalars in its metadata cannot be read");
  const std::string& update = metadata["update"];
  std::from_chars(update.data(), update.data() + update.size(), failed.update);
  failed.run_id = metadata["run_id"];
  failed.commit = metadata["commit"];
  failed.code = metadata["code"];
  failed.reason = metadata["reason"];
  for (NamedTensor& tensor : file->tensors) {
    if (Unprefix(kBatch, tensor)) {
      failed.batch.push_back(std::move(tensor));
    } else if (Unprefix(kWeights, tensor)) {
      failed.before.weights.push_back(std::move(tensor));
    } else if (Unprefix(kOptimizer, tensor)) {
      failed.before.optimizer.push_back(std::move(tensor));
    } else {
      return absl::DataLossError(absl::StrCat("tensor ", tensor.name, " does not belong there"));
    }
  }
  if (absl::Status status = CheckBatch(failed.batch); !status.ok()) return status;
  return failed;
}

}  // namespace nmn::run
