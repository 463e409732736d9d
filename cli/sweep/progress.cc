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

void SweepProgress::EndLiveLine() {
  if (line_open_) std::fputc('\n', out_);
  line_open_ = false;
}

void SweepProgress::Show(const Totals& totals) {
  const auto now = std::chrono::steady_clock::now();
  if (!terminal_ && now - last_line_ < kPlainInterval) return;
  const std::string text = absl::StrFormat(
      "%s %.0f %%  %s%s", cli::Bar(totals.fraction), std::floor(100 * totals.fraction), Counts(totals),
      totals.seconds_left ? absl::StrCat(", about ", cli::HumanDuration(*totals.seconds_left), " left") : "");
  if (text == last_text_) return;
  last_text_ = text;
  last_line_ = now;
  if (terminal_) {
    // Carriage return, the line, erase to its end.
    std::fprintf(out_, "\r%s\x1b[K", text.substr(0, cli::TerminalColumns(out_) - 1).c_str());
    line_open_ = true;
  } else {
    std::fprintf(out_, "%s\n", text.c_str());
  }
  std::fflush(out_);
}

void SweepProgress::Note(const std::string& sentence) {
  if (terminal_ && line_open_) std::fputs("\r\x1b[K", out_);
  line_open_ = false;
  last_text_.clear();
  std::fprintf(out_, "%s\n", sentence.c_str());
  std::fflush(out_);
}

}  // namespace nmn::sweep
