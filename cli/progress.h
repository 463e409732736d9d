#pragma once

#include <chrono>
#include <cstdio>
#include <string>

#include "learner/run/observer.h"

namespace nmn::cli {

// Shows a run to the person who started it, on stderr: one live line on a terminal, else a plain line now and then.
class Progress : public run::RunObserver {
 public:
  // `terminal`: whether `out` is one.
  Progress(std::FILE* out, bool terminal);
  ~Progress() override;

  void OnUpdate(const run::UpdateSummary& summary) override;
  void OnNotice(const std::string& sentence) override;

 private:
  void EndLiveLine();

  std::FILE* out_;
  bool terminal_;
  bool line_open_ = false;
  std::chrono::steady_clock::time_point last_line_{};
};

// "[##########..........]"; fraction in 0..1.
std::string Bar(double fraction);

// Of the terminal now; unlimited where it has no size. A line that wraps could not be rewritten.
size_t TerminalColumns(std::FILE* out);

// "1:02:03", "3:12" or "48 s".
std::string HumanDuration(double seconds);

}  // namespace nmn::cli
