#include "learner/run/failed_update.h"

#include <google/protobuf/text_format.h>

#include <charconv>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/build/newer.h"
#include "common/config/config.h"
#include "common/digest/sha256.h"
#include "common/safetensors/safetensors.h"

namespace nmn::run {
namespace {

const char kFormat[] = "nmn-failed-update-";
constexpr uint32_t kFormatNumber = 1;
const char kDigest[] = "sha256";
const char kBatch[] = "batch.";
const char kWeights[] = "weights.";
const char kOptimizer[] = "optimizer.";

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

void AppendPrefixed(const char* prefix, const std::vector<NamedTensor>& from, std::vector<NamedTensor>& to) {
  for (const NamedTensor& tensor : from) to.push_back({prefix + tensor.name, tensor.shape, tensor.values});
}

// Takes `prefix` off the tensor's name; false if it has another.
bool Unprefix(const std::string& prefix, NamedTensor& tensor) {
  if (tensor.name.rfind(prefix, 0) != 0) return false;
  tensor.name.erase(0, prefix.size());
  return true;
}

absl::Status CheckBatch(const trajectory::TrajectoryLayout& layout, const std::vector<NamedTensor>& batch) {
  const auto fields = layout.fields();
  if (batch.size() != fields.size())
    return absl::DataLossError(
        absl::StrCat("it holds ", batch.size(), " arrays of the batch instead of ", fields.size()));
  for (size_t i = 0; i < batch.size(); ++i) {
    if (batch[i].name != fields[i].kind->name || batch[i].shape.size() != fields[i].Shape(0, 0).size())
      return absl::DataLossError(absl::StrCat("array ", batch[i].name, " of the batch stands where ",
                                              std::string(fields[i].kind->name), " is expected"));
  }
  return absl::OkStatus();
}

}  // namespace

std::vector<NamedTensor> CopyBatch(const trajectory::TrajectoryBatch& batch) {
  std::vector<NamedTensor> tensors;
  for (const trajectory::FieldSpec& field : batch.layout().fields()) {
    const ConstView3 array = batch.Of(field.kind->id);
    const std::vector<uint32_t> shape = field.Shape(array.planes, array.columns);
    tensors.push_back({std::string(field.kind->name),
                       {shape.begin(), shape.end()},
                       {array.data, array.data + array.planes * array.rows * array.columns}});
  }
  return tensors;
}

trajectory::TrajectoryBatch BatchOf(const FailedUpdate& failed) {
  trajectory::TrajectoryBatch batch(*trajectory::LayoutOf(failed.config));
  for (size_t f = 0; f < failed.batch.size(); ++f) {
    const NamedTensor& tensor = failed.batch[f];
    const trajectory::FieldSpec& field = batch.layout().fields()[f];
    batch.Set(field.kind->id, {tensor.values.data(), static_cast<size_t>(tensor.shape.front()), field.width,
                               static_cast<size_t>(tensor.shape.back())});
  }
  return batch;
}

std::string EncodeFailedUpdate(const FailedUpdate& failed) {
  std::vector<NamedTensor> tensors;
  AppendPrefixed(kBatch, failed.batch, tensors);
  AppendPrefixed(kWeights, failed.before.weights, tensors);
  AppendPrefixed(kOptimizer, failed.before.optimizer, tensors);
  std::string trainer;
  google::protobuf::TextFormat::PrintToString(failed.before.scalars, &trainer);
  Metadata metadata = {
      {"format", absl::StrCat(kFormat, kFormatNumber)}, {"run_id", failed.run_id}, {"commit", failed.commit},
      {"update", absl::StrCat(failed.update)},          {"code", failed.code},     {"reason", failed.reason},
      {"config", config::Print(failed.config)},         {"trainer", trainer}};
  metadata[kDigest] = DigestOf(tensors, metadata);
  return EncodeSafetensors(tensors, metadata);
}

absl::StatusOr<FailedUpdate> DecodeFailedUpdate(std::string_view bytes) {
  absl::StatusOr<SafetensorsFile> file = DecodeSafetensors(bytes);
  if (!file.ok()) return file.status();
  Metadata& metadata = file->metadata;
  if (absl::Status status =
          build::CheckFormat(metadata["format"], kFormat, kFormatNumber, absl::StrCat("commit ", metadata["commit"]));
      !status.ok()) {
    return status;
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
  const absl::StatusOr<trajectory::TrajectoryLayout> layout = trajectory::LayoutOf(failed.config);
  if (!layout.ok()) return layout.status();
  if (absl::Status status = CheckBatch(*layout, failed.batch); !status.ok()) return status;
  return failed;
}

}  // namespace nmn::run
