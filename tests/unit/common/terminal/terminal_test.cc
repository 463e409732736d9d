#include "common/terminal/terminal.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/support/terminal.h"

namespace nmn::terminal {
namespace {

using testing::Variable;

TEST(Terminal, OfAKnownKindMayBeWrittenOverAndColoured) {
  const testing::Terminal terminal;
  const Variable term("TERM", "xterm-256color"), no_color("NO_COLOR", std::nullopt);
  EXPECT_TRUE(MayRewrite(terminal.descriptor()));
  EXPECT_TRUE(MayColour(terminal.descriptor()));
}

TEST(Terminal, ThatIsDumbOrUnknownTakesPlainLines) {
  const testing::Terminal terminal;
  for (const std::optional<std::string>& kind : {std::optional<std::string>("dumb"), std::optional<std::string>("")}) {
    const Variable term("TERM", kind);
    EXPECT_FALSE(MayRewrite(terminal.descriptor()));
    EXPECT_FALSE(MayColour(terminal.descriptor()));
  }
  const Variable term("TERM", std::nullopt);
  EXPECT_FALSE(MayRewrite(terminal.descriptor()));
}

TEST(Terminal, WithoutColoursWhereNoColorIsSet) {
  const testing::Terminal terminal;
  const Variable term("TERM", "xterm");
  {
    const Variable no_color("NO_COLOR", "1");
    EXPECT_TRUE(MayRewrite(terminal.descriptor()));
    EXPECT_FALSE(MayColour(terminal.descriptor()));
  }
  const Variable empty("NO_COLOR", "");
  EXPECT_TRUE(MayColour(terminal.descriptor()));
}

TEST(Terminal, AFileIsNone) {
  const Variable term("TERM", "xterm");
  const int file = open("/dev/null", O_WRONLY);
  EXPECT_FALSE(MayRewrite(file));
  close(file);
}

}  // namespace
}  // namespace nmn::terminal
