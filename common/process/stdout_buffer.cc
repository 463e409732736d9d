#include "common/process/stdout_buffer.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <string_view>

#include "common/log/line_writer.h"

namespace nmn::process {

StdoutBuffer::StdoutBuffer(int fd) : fd_(fd), terminal_(isatty(fd) != 0) {
  setp(bytes_.data(), bytes_.data() + bytes_.size());
}

StdoutBuffer::int_type StdoutBuffer::overflow(int_type c) {
  if (sync() != 0) return traits_type::eof();
  if (!traits_type::eq_int_type(c, traits_type::eof())) sputc(traits_type::to_char_type(c));
  return traits_type::not_eof(c);
}

std::streamsize StdoutBuffer::xsputn(const char* text, std::streamsize size) {
  const std::streamsize taken = std::streambuf::xsputn(text, size);
  const bool line_ended = std::string_view(text, static_cast<size_t>(size)).find('\n') != std::string_view::npos;
  return terminal_ && line_ended && sync() != 0 ? 0 : taken;
}

bool StdoutBuffer::Write(std::string_view text) const {
  if (!limit_) return log::WriteAll(fd_, text);
  while (!text.empty()) {
    pollfd room{fd_, POLLOUT, 0};
    if (poll(&room, 1, static_cast<int>(limit_->count())) == 0) {
      errno = EAGAIN;
      return false;
    }
    // A pipe that has room has it for so much.
    const std::string_view piece = text.substr(0, PIPE_BUF);
    if (!log::WriteAll(fd_, piece)) return false;
    text.remove_prefix(piece.size());
  }
  return true;
}

int StdoutBuffer::sync() {
  const std::string_view waiting(pbase(), static_cast<size_t>(pptr() - pbase()));
  if (error_ == 0 && !waiting.empty() && !Write(waiting)) error_ = errno;
  setp(bytes_.data(), bytes_.data() + bytes_.size());
  return error_ == 0 ? 0 : -1;
}

}  // namespace nmn::process
