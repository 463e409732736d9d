#include "common/terminal/live_line.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "tests/support/terminal.h"

namespace nmn::terminal {
namespace {

constexpr unsigned short kColumns = 20;

class LiveLineOnATerminal : public ::testing::Test {
 protected:
  LiveLineOnATerminal() : terminal_(kColumns), out_(fdopen(dup(terminal_.descriptor()), "w")), line_(out_) {}
  ~LiveLineOnATerminal() override {
    line_.End();
    std::fclose(out_);
  }
  testing::Terminal terminal_;
  std::FILE* out_;
  LiveLine line_;
};

TEST_F(LiveLineOnATerminal, IsWrittenOverWithoutAnEscapeSequence) {
  line_.Show("update 1");
  line_.Show("done");
  line_.End();
  EXPECT_EQ(terminal_.Read(), "\rupdate 1\rdone    \b\b\b\b\r\n");
}

TEST_F(LiveLineOnATerminal, NeverWraps) {
  line_.Show(std::string(100, 'x'));
  EXPECT_EQ(terminal_.Read(), "\r" + std::string(kColumns - 1, 'x'));
  line_.Show("y");
  EXPECT_EQ(terminal_.Read(), "\ry" + std::string(kColumns - 2, ' ') + std::string(kColumns - 2, '\b'));
}

TEST_F(LiveLineOnATerminal, GoesAwayWhenCleared) {
  line_.Show("half");
  line_.Clear();
  line_.End();
  EXPECT_EQ(terminal_.Read(), "\rhalf\r    \b\b\b\b\r");
}

TEST_F(LiveLineOnATerminal, WithoutALineThereIsNothingToEnd) {
  line_.End();
  line_.Clear();
  EXPECT_EQ(terminal_.Read(), "");
}

}  // namespace
}  // namespace nmn::terminal
