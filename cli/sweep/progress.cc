#include "cli/sweep/progress.h"

#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/progress.h"

namespace nmn::sweep {
namespace {

// A sweep takes minutes to days; its log stays short.
constexpr std::chrono::seconds kPlainInterval{30};

}  // namespace

void SweepProgress::Show(const Totals& totals) {
  const auto now = std::chrono::steady_clock::now();
  if (!live_ && now - last_line_ < kPlainInterval) return;
  const std::string text = absl::StrFormat(
      "%s %.0f %%  %s%s", cli::Bar(totals.fraction), std::floor(100 * totals.fraction), Counts(totals),
      totals.seconds_left ? absl::StrCat(", about ", cli::HumanDuration(*totals.seconds_left), " left") : "");
  if (text == last_text_) return;
  last_text_ = text;
  last_line_ = now;
  if (live_) {
    line_.Show(text);
    return;
  }
  std::fprintf(out_, "%s\n", text.c_str());
  std::fflush(out_);
}

void SweepProgress::Note(const std::string& sentence) {
  line_.Clear();
  last_text_.clear();
  std::fprintf(out_, "%s\n", sentence.c_str());
  std::fflush(out_);
}

}  // namespace nmn::sweep
