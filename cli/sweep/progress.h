#pragma once

#include <chrono>
#include <cstdio>
#include <string>

#include "cli/sweep/status_table.h"
#include "common/terminal/live_line.h"

namespace nmn::sweep {

// Shows a sweep to the person who started it: one live line on a terminal, else a plain line now and then.
class SweepProgress {
 public:
  // `live`: whether a line of `out` can be written over (common/terminal).
  SweepProgress(std::FILE* out, bool live) : out_(out), live_(live), line_(out) {}

  // Cheap to call often: without a terminal it prints at most once in a while, and only what is new.
  void Show(const Totals& totals);
  // A line that stays.
  void Note(const std::string& sentence);
  // What is written next, to wherever, begins a line of its own.
  void End() { line_.End(); }

 private:
  std::FILE* out_;
  bool live_;
  terminal::LiveLine line_;
  std::string last_text_;
  std::chrono::steady_clock::time_point last_line_{};
};

}  // namespace nmn::sweep
