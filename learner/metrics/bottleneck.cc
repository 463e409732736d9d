#include "learner/metrics/bottleneck.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"

namespace nmn::metrics {
namespace {

constexpr double kMuchWaiting = 0.5;
constexpr double kLittleWaiting = 0.2;

// What a loop does beside collecting and updating, and what makes it less.
struct Aside {
  const char* phase;
  const char* takes;
  const char* advice;
};
constexpr Aside kAsides[] = {
    {"evaluate", "Evaluations take ", "fewer of them (eval.every_updates, eval.episodes) would help"},
    {"checkpoint", "Checkpoints take ", "fewer of them (checkpoint.every_updates) or a faster disk would help"},
    {"record", "Writing rows takes ", "a faster disk would help"},
};

}  // namespace

std::string Bottleneck(const std::map<std::string, double>& seconds, uint64_t actors) {
  if (actors == 0) return "No actor is connected: nothing is trained until one comes.";
  double whole = 0;
  for (const auto& [phase, time] : seconds) whole += time;
  if (whole <= 0) return "No update has ended since the learner began: what it waits for shows after the first.";
  const auto share = [&](const char* phase) {
    const auto found = seconds.find(phase);
    return found == seconds.end() ? 0 : found->second / whole;
  };
  const auto percent = [&](const char* phase) { return absl::StrCat(std::lround(100 * share(phase)), " %"); };
  const double waits = share("collect");
  const Aside& aside = *std::max_element(std::begin(kAsides), std::end(kAsides), [&](const Aside& a, const Aside& b) {
    return share(a.phase) < share(b.phase);
  });
  if (share(aside.phase) > std::max(share("update"), waits))
    return absl::StrCat(aside.takes, percent(aside.phase), " of the time: ", aside.advice, ".");
  if (waits >= kMuchWaiting) {
    return absl::StrCat("The learner waits for actors ", percent("collect"),
                        " of the time: more actors, on other cores or machines, would help.");
  }
  const std::string both = absl::StrCat("The learner computes updates ", percent("update"),
                                        " of the time and waits for actors ", percent("collect"), ": ");
  return both + (waits < kLittleWaiting ? "a faster CPU for the learner would help, more actors would not."
                                        : "more actors would help some, a faster CPU for the learner too.");
}

}  // namespace nmn::metrics
