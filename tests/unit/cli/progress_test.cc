#include "cli/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <limits>
#include <string>

namespace nmn::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string WrittenBy(bool terminal, const std::function<void(Progress&)>& use) {
  char* text = nullptr;
  size_t size = 0;
  std::FILE* out = open_memstream(&text, &size);
  {
    Progress progress(out, terminal);
    use(progress);
  }
  std::fclose(out);
  std::string result(text, size);
  std::free(text);
  return result;
}

// Of two updates in quick succession and a notice.
std::string Written(bool terminal) {
  return WrittenBy(terminal, [](Progress& progress) {
    run::UpdateSummary summary;
    summary.budget_updates = 10;
    summary.update = 1;
    progress.OnUpdate(summary);
    summary.update = 2;
    progress.OnUpdate(summary);
    progress.OnNotice("a word");
  });
}

TEST(Progress, OnATerminalRewritesOneLine) {
  const std::string text = Written(true);
  EXPECT_THAT(text, HasSubstr("update 2/10"));
  EXPECT_THAT(text, HasSubstr("\r"));
  EXPECT_THAT(text, HasSubstr("\na word\n"));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(Progress, InALogIsPlainAndSparse) {
  const std::string text = Written(false);
  EXPECT_THAT(text, HasSubstr("update 1/10"));
  EXPECT_THAT(text, Not(HasSubstr("update 2/10")));
  EXPECT_THAT(text, Not(HasSubstr("\r")));
}

// `nmn status` and the learner's log say "return" of the raw one.
TEST(Progress, NamesTheDiscountedReturnSo) {
  run::UpdateSummary summary;
  summary.budget_updates = 10;
  summary.update = 1;
  summary.return_mean = 7000;
  summary.discounted_mean = 4441;
  summary.discounted_recent = 4400;
  summary.evaluation_discounted = 4500;
  summary.episodes = 1050;
  const std::string text = WrittenBy(false, [&](Progress& progress) { progress.OnUpdate(summary); });
  EXPECT_THAT(text, HasSubstr("  discounted 4441 (last 1000: 4400)  evaluation 4500 discounted  "));
  EXPECT_THAT(text, Not(HasSubstr("return")));
}

TEST(Progress, ItsMeanIsOfAllEpisodesWhereThereAreFewerThanAThousand) {
  run::UpdateSummary summary;
  summary.budget_updates = 10;
  summary.update = 1;
  summary.episodes = 50;
  const std::string text = WrittenBy(false, [&](Progress& progress) { progress.OnUpdate(summary); });
  EXPECT_THAT(text, HasSubstr("(last 50: 0)"));
}

// What a resumed run with another budget may ask for.
TEST(Bar, IsFullPastTheEndAndEmptyBeforeTheStart) {
  const std::string full = "[####################]", empty = "[....................]";
  EXPECT_EQ(Bar(Fraction(15, 10)), full);
  EXPECT_EQ(Bar(1.5), full);
  EXPECT_EQ(Bar(std::numeric_limits<double>::infinity()), full);
  EXPECT_EQ(Bar(Fraction(3, 0)), empty);
  EXPECT_EQ(Bar(-0.5), empty);
  EXPECT_EQ(Bar(std::numeric_limits<double>::quiet_NaN()), empty);
  EXPECT_EQ(Bar(Fraction(5, 10)), "[##########..........]");
}

TEST(HumanDuration, PicksTheUnit) {
  EXPECT_EQ(HumanDuration(12.4), "12 s");
  EXPECT_EQ(HumanDuration(192), "3:12");
  EXPECT_EQ(HumanDuration(3723), "1:02:03");
  EXPECT_EQ(HumanDuration(-3), "0 s");
}

}  // namespace
}  // namespace nmn::cli
