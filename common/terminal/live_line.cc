#include "common/terminal/live_line.h"

#include <unistd.h>

#include <algorithm>

#include "common/terminal/terminal.h"

namespace nmn::terminal {
namespace {

// The width of the terminal now; unlimited if it has no size. A stream without a descriptor leads to stderr.
size_t WidthOf(std::FILE* out) {
  const int descriptor = fileno(out);
  return Columns(descriptor < 0 ? STDERR_FILENO : descriptor).value_or(std::string::npos);
}

}  // namespace

void LiveLine::Show(const std::string& text, const std::string& shorter) {
  // The cursor in the last column would wrap on some terminals.
  const size_t room = WidthOf(out_) - 1;
  const std::string line = (text.size() > room && !shorter.empty() ? shorter : text).substr(0, room);
  const size_t rest = std::min(shown_, room) - std::min({shown_, room, line.size()});
  std::fprintf(out_, "\r%s%s%s", line.c_str(), std::string(rest, ' ').c_str(), std::string(rest, '\b').c_str());
  std::fflush(out_);
  shown_ = line.size();
}

void LiveLine::End() {
  if (shown_ == 0) return;
  std::fputc('\n', out_);
  std::fflush(out_);
  shown_ = 0;
}

void LiveLine::Clear() {
  if (shown_ == 0) return;
  Show("");
  std::fputc('\r', out_);
  std::fflush(out_);
}

}  // namespace nmn::terminal
