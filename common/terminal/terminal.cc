#include "common/terminal/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace nmn::terminal {
namespace {

std::string_view Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

bool MayRewrite(int descriptor) {
  const std::string_view term = Variable("TERM");
  return isatty(descriptor) != 0 && !term.empty() && term != "dumb";
}

bool MayColour(int descriptor) { return MayRewrite(descriptor) && Variable("NO_COLOR").empty(); }

std::optional<size_t> Columns(int descriptor) {
  winsize size{};
  if (ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return std::nullopt;
  return size.ws_col;
}

}  // namespace nmn::terminal
