#include "common/safetensors/safetensors.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/text/counted.h"

namespace nmn {
namespace {

static_assert(std::endian::native == std::endian::little, "files hold float32 as they lie in memory");

using nlohmann::json;

constexpr size_t kLengthBytes = 8;
constexpr size_t kAlignment = 8;
// Ours are some kilobytes. A parser must not be asked to build a tree of a hundred megabytes.
constexpr uint64_t kMaxHeaderBytes = 16 << 20;
constexpr int kMaxDepth = 3;  // {"name": {"shape": [..]}}
constexpr size_t kMaxAxes = 8;
const char kMetadata[] = "__metadata__";

absl::Status Malformed(const std::string& reason) {
  return absl::DataLossError(absl::StrCat("malformed safetensors: ", reason));
}

// The header as JSON. nlohmann keeps the last of two equal keys and nests without end; here both are refused.
absl::StatusOr<json> ParseHeader(std::string_view text) {
  std::string fault;
  std::vector<std::set<std::string>> keys;
  const auto watch = [&](int depth, json::parse_event_t event, json& parsed) {
    if (event == json::parse_event_t::object_start) keys.emplace_back();
    if (event == json::parse_event_t::object_end) keys.pop_back();
    if (depth > kMaxDepth) fault = "its header nests too deeply";
    if (event == json::parse_event_t::key && !keys.back().insert(parsed.get<std::string>()).second) {
      fault = absl::StrCat("its header has two entries \"", parsed.get<std::string>(), "\"");
    }
    return depth <= kMaxDepth;
  };
  json header = json::parse(text.begin(), text.end(), watch, /*allow_exceptions=*/false);
  if (!fault.empty()) return Malformed(fault);
  if (!header.is_object()) return Malformed("its header is not a JSON object");
  return header;
}

// A type of number that turns into float32 without loss, or is refused.
struct Type {
  const char* name;
  size_t bytes;
};
constexpr Type kTypes[] = {{"F32", 4}, {"F16", 2}, {"BF16", 2}, {"F64", 8}};

const Type* FindType(const json& name) {
  for (const Type& type : kTypes) {
    if (name == type.name) return &type;
  }
  return nullptr;
}

struct Entry {
  std::string name;
  const Type* type = nullptr;
  std::vector<int64_t> shape;
  uint64_t begin = 0;
  uint64_t end = 0;
};

absl::StatusOr<Entry> ReadEntry(const std::string& name, const json& value, uint64_t data_bytes) {
  const std::string where = absl::StrCat("tensor \"", name, "\" ");
  if (!value.is_object() || value.size() != 3 || !value.contains("dtype") || !value.contains("shape") ||
      !value.contains("data_offsets")) {
    return Malformed(where + "must have dtype, shape and data_offsets, and nothing else");
  }
  const Type* type = FindType(value["dtype"]);
  if (type == nullptr) return Malformed(where + "is not of type F32, F16, BF16 or F64");
  const json& shape = value["shape"];
  const json& offsets = value["data_offsets"];
  if (!shape.is_array() || shape.size() > kMaxAxes) return Malformed(where + "has a shape that is no list of sizes");
  if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() ||
      !offsets[1].is_number_unsigned()) {
    return Malformed(where + "has data_offsets that are not two positions");
  }
  Entry entry{name, type, {}, offsets[0].get<uint64_t>(), offsets[1].get<uint64_t>()};
  if (entry.begin > entry.end || entry.end > data_bytes) return Malformed(where + "lies outside the data");
  uint64_t elements = 1;
  for (const json& axis : shape) {
    if (!axis.is_number_unsigned()) return Malformed(where + "has a shape that is no list of sizes");
    const uint64_t size = axis.get<uint64_t>();
    if (size > data_bytes || (size != 0 && elements > data_bytes / size))
      return Malformed(where + "is larger than the data");
    elements *= size;
    entry.shape.push_back(static_cast<int64_t>(size));
  }
  if (entry.end - entry.begin != elements * type->bytes) {
    return Malformed(absl::StrCat(where, "has ", text::Counted(entry.end - entry.begin, "byte"),
                                  " of data, its shape needs ", elements * type->bytes));
  }
  return entry;
}

// IEEE 754 half precision: 5 bits of exponent, 10 of fraction. In integers, because a thread may flush denormals.
float FromHalf(uint16_t half) {
  const uint32_t sign = uint32_t{half & 0x8000u} << 16;
  uint32_t exponent = (half >> 10) & 0x1fu;
  uint32_t fraction = half & 0x3ffu;
  if (exponent == 0x1f) return std::bit_cast<float>(sign | 0x7f800000u | fraction << 13);
  if (exponent == 0 && fraction == 0) return std::bit_cast<float>(sign);
  if (exponent == 0) {  // below the smallest normal half, yet a normal float
    const int shift = std::countl_zero(fraction) - 21;
    fraction = (fraction << shift) & 0x3ffu;
    exponent = static_cast<uint32_t>(1 - shift);
  }
  return std::bit_cast<float>(sign | (exponent + 127 - 15) << 23 | fraction << 13);
}

// Whether a float32 has the same value; NaN stays NaN.
bool FromDouble(double wide, float& value) {
  if (std::isfinite(wide) && std::abs(wide) > std::numeric_limits<float>::max()) return false;
  value = static_cast<float>(wide);
  return std::isnan(wide) || static_cast<double>(value) == wide;
}

template <typename T>
T Load(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}

absl::Status ReadValues(const Entry& entry, const char* data, std::vector<float>& values) {
  values.resize((entry.end - entry.begin) / entry.type->bytes);
  const std::string_view type = entry.type->name;
  if (type == "F32" && !values.empty()) std::memcpy(values.data(), data, entry.end - entry.begin);
  if (type == "F32") return absl::OkStatus();
  for (size_t i = 0; i < values.size(); ++i) {
    const char* at = data + i * entry.type->bytes;
    if (type == "F16") values[i] = FromHalf(Load<uint16_t>(at));
    if (type == "BF16") values[i] = std::bit_cast<float>(uint32_t{Load<uint16_t>(at)} << 16);
    if (type == "F64" && !FromDouble(Load<double>(at), values[i])) {
      return absl::DataLossError(absl::StrFormat(
          "tensor \"%s\" is of type F64 and its element %d, %.17g, is no float32; convert it to float32 first",
          entry.name, i, Load<double>(at)));
    }
  }
  return absl::OkStatus();
}

absl::Status ReadMetadata(const json& value, std::map<std::string, std::string>& metadata) {
  if (!value.is_object()) return Malformed("__metadata__ is not an object");
  for (const auto& [key, text] : value.items()) {
    if (!text.is_string()) return Malformed(absl::StrCat("__metadata__ entry \"", key, "\" is not a string"));
    metadata[key] = text.get<std::string>();
  }
  return absl::OkStatus();
}

}  // namespace

std::string EncodeSafetensors(const std::vector<NamedTensor>& tensors,
                              const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header[kMetadata] = metadata;
  uint64_t position = 0;
  for (const NamedTensor& tensor : tensors) {
    const uint64_t end = position + tensor.values.size() * sizeof(float);
    header[tensor.name] = {{"dtype", "F32"}, {"shape", tensor.shape}, {"data_offsets", {position, end}}};
    position = end;
  }
  std::string text = header.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  text.resize((text.size() + kAlignment - 1) / kAlignment * kAlignment, ' ');

  std::string bytes(kLengthBytes, '\0');
  const uint64_t length = text.size();
  std::memcpy(bytes.data(), &length, sizeof(length));
  bytes.reserve(kLengthBytes + text.size() + position);
  bytes += text;
  for (const NamedTensor& tensor : tensors) {
    bytes.append(reinterpret_cast<const char*>(tensor.values.data()), tensor.values.size() * sizeof(float));
  }
  return bytes;
}

absl::StatusOr<SafetensorsFile> DecodeSafetensors(std::string_view bytes) {
  if (bytes.size() < kLengthBytes) return Malformed(absl::StrCat("it has ", text::Counted(bytes.size(), "byte")));
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), sizeof(length));
  if (length > kMaxHeaderBytes || length > bytes.size() - kLengthBytes) {
    return Malformed(absl::StrCat("its first 8 bytes say that its header has ", length,
                                  " bytes, more than there are or may be; is it another kind of file?"));
  }
  absl::StatusOr<json> header = ParseHeader(bytes.substr(kLengthBytes, length));
  if (!header.ok()) return header.status();
  const std::string_view data = bytes.substr(kLengthBytes + length);

  SafetensorsFile file;
  std::vector<Entry> entries;
  for (const auto& [name, value] : header->items()) {
    if (name == kMetadata) {
      if (absl::Status status = ReadMetadata(value, file.metadata); !status.ok()) return status;
      continue;
    }
    absl::StatusOr<Entry> entry = ReadEntry(name, value, data.size());
    if (!entry.ok()) return entry.status();
    entries.push_back(*std::move(entry));
  }
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
  });
  uint64_t position = 0;
  for (Entry& entry : entries) {
    if (entry.begin != position) {
      return Malformed(absl::StrCat("tensor \"", entry.name, "\" begins at ", entry.begin,
                                    ", the one before it ends at ", position));
    }
    position = entry.end;
    NamedTensor tensor{entry.name, std::move(entry.shape), {}};
    if (absl::Status status = ReadValues(entry, data.data() + entry.begin, tensor.values); !status.ok()) return status;
    file.tensors.push_back(std::move(tensor));
  }
  if (position != data.size())
    return Malformed(absl::StrCat(text::Counted(data.size() - position, "byte"),
                                  data.size() - position == 1 ? " of data belongs" : " of data belong",
                                  " to no tensor"));
  return file;
}

}  // namespace nmn
