#include "learner/run/tfevents.h"

#include <array>
#include <bit>
#include <cstring>

namespace nmn::run {
namespace {

static_assert(std::endian::native == std::endian::little, "records hold numbers as they lie in memory");

// Field keys of the protobuf wire format: number << 3 | type (0 varint, 1 eight bytes, 2 length and bytes, 5 four
// bytes).
constexpr char kEventWallTime = 1 << 3 | 1;
constexpr char kEventStep = 2 << 3 | 0;
constexpr char kEventFileVersion = 3 << 3 | 2;
constexpr char kEventSummary = 5 << 3 | 2;
constexpr char kSummaryValue = 1 << 3 | 2;
constexpr char kValueTag = 1 << 3 | 2;
constexpr char kValueSimple = 2 << 3 | 5;

constexpr std::array<uint32_t, 256> MakeTable() {
  constexpr uint32_t kReflectedPolynomial = 0x82f63b78;
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kReflectedPolynomial : 0);
    table[byte] = crc;
  }
  return table;
}

// TFRecord stores CRCs rotated and shifted, so that a CRC over data that holds CRCs stays useful.
uint32_t Masked(uint32_t crc) { return std::rotr(crc, 15) + 0xa282ead8u; }

template <typename T>
void AppendRaw(T value, std::string& out) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  out.append(bytes, sizeof(T));
}

void AppendVarint(uint64_t value, std::string& out) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

void AppendBytes(char key, std::string_view bytes, std::string& out) {
  out.push_back(key);
  AppendVarint(bytes.size(), out);
  out.append(bytes);
}

std::string EventAt(double wall_time) {
  std::string event(1, kEventWallTime);
  AppendRaw(wall_time, event);
  return event;
}

}  // namespace

uint32_t Crc32c(std::string_view bytes) {
  static constexpr std::array<uint32_t, 256> kTable = MakeTable();
  uint32_t crc = ~0u;
  for (const char byte : bytes) crc = kTable[(crc ^ static_cast<unsigned char>(byte)) & 0xff] ^ (crc >> 8);
  return ~crc;
}

std::string TfRecord(std::string_view data) {
  std::string record;
  AppendRaw(static_cast<uint64_t>(data.size()), record);
  AppendRaw(Masked(Crc32c(record)), record);
  record.append(data);
  AppendRaw(Masked(Crc32c(data)), record);
  return record;
}

std::string FileVersionRecord(double wall_time) {
  std::string event = EventAt(wall_time);
  AppendBytes(kEventFileVersion, "brain.Event:2", event);
  return TfRecord(event);
}

std::string ScalarsRecord(double wall_time, int64_t step, const std::vector<std::pair<std::string, double>>& scalars) {
  std::string summary;
  for (const auto& [tag, number] : scalars) {
    std::string value;
    AppendBytes(kValueTag, tag, value);
    value.push_back(kValueSimple);
    AppendRaw(static_cast<float>(number), value);
    AppendBytes(kSummaryValue, value, summary);
  }
  std::string event = EventAt(wall_time);
  event.push_back(kEventStep);
  AppendVarint(static_cast<uint64_t>(step), event);
  AppendBytes(kEventSummary, summary, event);
  return TfRecord(event);
}

}  // namespace nmn::run
