#include "tests/support/terminal.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace nmn::testing {
namespace {

void Assign(const std::string& name, const std::optional<std::string>& value) {
  value ? setenv(name.c_str(), value->c_str(), 1) : unsetenv(name.c_str());
}

}  // namespace

Terminal::Terminal(unsigned short columns) {
  const winsize size{.ws_row = 24, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
  EXPECT_EQ(openpty(&controller_, &terminal_, nullptr, nullptr, &size), 0);
}

Terminal::~Terminal() {
  close(terminal_);
  close(controller_);
}

std::string Terminal::Read() {
  std::string text;
  pollfd event{controller_, POLLIN, 0};
  while (poll(&event, 1, 0) == 1 && (event.revents & POLLIN) != 0) {
    char bytes[4096];
    const ssize_t got = read(controller_, bytes, sizeof(bytes));
    if (got <= 0) break;
    text.append(bytes, static_cast<size_t>(got));
  }
  return text;
}

Variable::Variable(std::string name, std::optional<std::string> value) : name_(std::move(name)) {
  const char* now = std::getenv(name_.c_str());
  if (now != nullptr) before_ = now;
  Assign(name_, value);
}

Variable::~Variable() { Assign(name_, before_); }

}  // namespace nmn::testing
