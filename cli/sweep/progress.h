#pragma once

#include <chrono>
#include <cstdio>
#include <string>

#include "cli/sweep/status_table.h"

namespace nmn::sweep {

// Shows a sweep to the person who started it: one live line on a terminal, else a plain line now and then.
class SweepProgress {
 public:
  SweepProgress(std::FILE* out, bool terminal) : out_(out), terminal_(terminal) {}
  ~SweepProgress() { EndLiveLine(); }

  // Cheap to call often: without a terminal it prints at most once in a while, and only what is new.
  void Show(const Totals& totals);
  // A line that stays.
  void Note(const std::string& sentence);

 private:
  void EndLiveLine();

  std::FILE* out_;
  bool terminal_;
  bool line_open_ = false;
  std::string last_text_;
  std::chrono::steady_clock::time_point last_line_{};
};

}  // namespace nmn::sweep
