#pragma once

#include <array>
#include <chrono>
#include <optional>
#include <streambuf>
#include <string_view>

namespace nmn::process {

// What std::cout writes through: unlike the standard one it remembers why a write failed. Writes when 64 KiB have come
// together, when flushed, and on a terminal after each line. After a failed write it takes nothing more.
class StdoutBuffer : public std::streambuf {
 public:
  explicit StdoutBuffer(int fd);

  // From now on a reader who takes nothing for so long has gone: EAGAIN. Without it a write waits for its reader.
  void GiveUpAfter(std::chrono::milliseconds limit) { limit_ = limit; }

  // errno of the first write that failed; 0 where none did.
  int error() const { return error_; }

 protected:
  int_type overflow(int_type c) override;
  std::streamsize xsputn(const char* text, std::streamsize size) override;
  int sync() override;

 private:
  bool Write(std::string_view text) const;

  const int fd_;
  const bool terminal_;
  std::optional<std::chrono::milliseconds> limit_;
  int error_ = 0;
  std::array<char, 1 << 16> bytes_;
};

}  // namespace nmn::process
