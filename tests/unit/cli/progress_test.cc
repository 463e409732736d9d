#include "cli/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

namespace nmn::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// What Progress writes for two updates in quick succession and a notice.
std::string Written(bool terminal) {
  char* text = nullptr;
  size_t size = 0;
  std::FILE* out = open_memstream(&text, &size);
  {
    Progress progress(out, terminal);
    run::UpdateSummary summary;
    summary.budget_updates = 10;
    summary.update = 1;
    progress.OnUpdate(summary);
    summary.update = 2;
    progress.OnUpdate(summary);
    progress.OnNotice("a word");
  }
  std::fclose(out);
  std::string result(text, size);
  std::free(text);
  return result;
}

TEST(Progress, OnATerminalRewritesOneLine) {
  const std::string text = Written(true);
  EXPECT_THAT(text, HasSubstr("update 2/10"));
  EXPECT_THAT(text, HasSubstr("\r"));
  EXPECT_THAT(text, HasSubstr("\na word\n"));
}

TEST(Progress, NeverWrapsOnANarrowTerminal) {
  constexpr unsigned short kColumns = 50;
  const winsize size{.ws_row = 24, .ws_col = kColumns, .ws_xpixel = 0, .ws_ypixel = 0};
  int controller = -1, terminal = -1;
  ASSERT_EQ(openpty(&controller, &terminal, nullptr, nullptr, &size), 0);
  std::FILE* out = fdopen(terminal, "w");
  {
    Progress progress(out, true);
    run::UpdateSummary summary;
    summary.update = 1;
    summary.budget_updates = 10;
    progress.OnUpdate(summary);
  }
  char text[400];
  const ssize_t got = read(controller, text, sizeof(text));
  const std::string line(text, got > 0 ? static_cast<size_t>(got) : 0);
  EXPECT_THAT(line, HasSubstr("update 1/10"));
  EXPECT_EQ(line.find("\x1b[K") - 1, size_t{kColumns} - 1);  // after the carriage return
  std::fclose(out);
  close(controller);
}

TEST(Progress, InALogIsPlainAndSparse) {
  const std::string text = Written(false);
  EXPECT_THAT(text, HasSubstr("update 1/10"));
  EXPECT_THAT(text, Not(HasSubstr("update 2/10")));
  EXPECT_THAT(text, Not(HasSubstr("\r")));
}

TEST(HumanDuration, PicksTheUnit) {
  EXPECT_EQ(HumanDuration(12.4), "12 s");
  EXPECT_EQ(HumanDuration(192), "3:12");
  EXPECT_EQ(HumanDuration(3723), "1:02:03");
}

}  // namespace
}  // namespace nmn::cli
