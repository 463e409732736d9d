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
  std::chrono::steady_clock::time_point last_line_{};
};

// "[##########..........]"; fraction in 0..1.
std::string Bar(double fraction);

// "1:02:03", "3:12" or "48 s".
std::string HumanDuration(double seconds);

}  // namespace nmn::cli
