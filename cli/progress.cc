#include "cli/progress.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/text/number.h"

namespace nmn::cli {
namespace {

constexpr int kBarCells = 20;
// Without a terminal, at most one line in this time, so that a log stays short; the last update is always shown.
constexpr std::chrono::seconds kPlainInterval{5};

}  // namespace

double Fraction(double done, double whole) { return done > 0 && whole > 0 ? std::min(done / whole, 1.0) : 0; }

std::string Bar(double fraction) {
  const int full = static_cast<int>(std::lround(Fraction(fraction, 1) * kBarCells));
  return absl::StrCat("[", std::string(full, '#'), std::string(kBarCells - full, '.'), "]");
}

std::string HumanDuration(double seconds) {
  const long s = seconds > 0 ? std::lround(seconds) : 0;
  if (s < 60) return absl::StrFormat("%d s", s);
  if (s < 3600) return absl::StrFormat("%d:%02d", s / 60, s % 60);
  return absl::StrFormat("%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
}

Progress::Progress(std::FILE* out, bool live) : out_(out), live_(live), line_(out) {}

void Progress::OnUpdate(const run::UpdateSummary& s) {
  if (s.evaluation_discounted)
    evaluation_ = absl::StrFormat("  evaluation %s discounted", text::Rounded(*s.evaluation_discounted));
  const auto now = std::chrono::steady_clock::now();
  const bool last = s.update == s.budget_updates;
  if (!live_ && !last && now - last_line_ < kPlainInterval) return;
  last_line_ = now;
  const std::string line = absl::StrFormat(
      "update %d/%d  discounted %s (last %d: %s)%s  left %s  %s gone  episodes %d  KL %.4f%s  %s  %.0fk "
      "steps/s",
      s.update, s.budget_updates, text::Rounded(s.discounted_mean), s.recent_episodes(),
      text::Rounded(s.discounted_recent), evaluation_, HumanDuration(s.seconds_left), HumanDuration(s.wall_seconds),
      s.episodes, s.kl, s.reverted ? "R" : "", s.spread, s.steps_per_second / 1000);
  if (live_) {
    line_.Show(absl::StrCat(Bar(Fraction(s.update, s.budget_updates)), " ", line), line);
    if (last) line_.End();
    return;
  }
  std::fprintf(out_, "%s\n", line.c_str());
  std::fflush(out_);
}

void Progress::OnNotice(const std::string& sentence) {
  line_.End();
  std::fprintf(out_, "%s\n", sentence.c_str());
  std::fflush(out_);
}

}  // namespace nmn::cli
