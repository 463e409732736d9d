#pragma once

#include <chrono>
#include <cstdio>
#include <string>

#include "common/terminal/live_line.h"
#include "learner/run/observer.h"

namespace nmn::cli {

// Shows a run to the person who started it, on stderr: one live line on a terminal, else a plain line now and then.
class Progress : public run::RunObserver {
 public:
  // `live`: whether a line of `out` can be written over (common/terminal).
  Progress(std::FILE* out, bool live);

  void OnUpdate(const run::UpdateSummary& summary) override;
  void OnNotice(const std::string& sentence) override;

 private:
  std::FILE* out_;
  bool live_;
  terminal::LiveLine line_;
  std::string evaluation_;  // what the last one found, as it is shown; empty before the first
  std::chrono::steady_clock::time_point last_line_{};
};

// How much of `whole` is done, within 0..1 whatever the two are: a run may be past its budget, a budget may be 0.
double Fraction(double done, double whole);

// "[##########..........]": empty below 0, full above 1.
std::string Bar(double fraction);

// "1:02:03", "3:12" or "48 s"; "0 s" for less than nothing.
std::string HumanDuration(double seconds);

}  // namespace nmn::cli
