#include "tests/support/event_file.h"

#include <google/protobuf/io/coded_stream.h>

#include <bit>
#include <cstring>
#include <string_view>

namespace nmn::testing {
namespace {

using google::protobuf::io::CodedInputStream;

// Bit by bit, and with the rotation of TFRecord.
uint32_t MaskedCrc32c(std::string_view bytes) {
  uint32_t crc = ~0u;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0x82f63b78u & (0u - (crc & 1)));
  }
  return std::rotr(~crc, 15) + 0xa282ead8u;
}

template <typename T>
T Raw(std::string_view bytes, size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof(T));
  return value;
}

// Adds an Event message to `file`; whether it could be read.
bool ReadEvent(std::string_view message, EventFile& file) {
  constexpr uint32_t kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5;
  CodedInputStream in(reinterpret_cast<const uint8_t*>(message.data()), static_cast<int>(message.size()));
  uint64_t step = 0;
  bool has_summary = false;
  while (const uint32_t tag = in.ReadTag()) {
    uint64_t number = 0;
    uint32_t length = 0;
    switch (tag >> 3) {
      case kWallTime:
        if (!in.ReadLittleEndian64(&number)) return false;
        break;
      case kStep:
        if (!in.ReadVarint64(&step)) return false;
        break;
      case kFileVersion:
      case kSummary:
        if (!in.ReadVarint32(&length) || !in.Skip(static_cast<int>(length))) return false;
        has_summary = has_summary || tag >> 3 == kSummary;
        file.versions += tag >> 3 == kFileVersion ? 1 : 0;
        break;
      default:
        return false;
    }
  }
  if (has_summary) file.steps.push_back(static_cast<int64_t>(step));
  return true;
}

}  // namespace

EventFile ReadEventFile(const std::string& bytes) {
  constexpr size_t kHead = sizeof(uint64_t) + sizeof(uint32_t);
  constexpr size_t kTail = sizeof(uint32_t);
  const std::string_view all = bytes;
  EventFile file;
  for (size_t at = 0; at < all.size();) {
    const auto broken = [&](const std::string& what) {
      file.error = "the record at byte " + std::to_string(at) + " " + what;
      return file;
    };
    if (all.size() - at < kHead + kTail) return broken("is cut");
    const auto length = Raw<uint64_t>(all, at);
    if (Raw<uint32_t>(all, at + sizeof(uint64_t)) != MaskedCrc32c(all.substr(at, sizeof(uint64_t))))
      return broken("has a length of another checksum");
    if (all.size() - at - kHead - kTail < length) return broken("is cut");
    const std::string_view data = all.substr(at + kHead, length);
    if (Raw<uint32_t>(all, at + kHead + length) != MaskedCrc32c(data)) return broken("has data of another checksum");
    if (!ReadEvent(data, file)) return broken("is no Event");
    at += kHead + length + kTail;
  }
  return file;
}

}  // namespace nmn::testing
