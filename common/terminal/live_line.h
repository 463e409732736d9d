#pragma once

#include <cstdio>
#include <string>

namespace nmn::terminal {

// The last line of a terminal, which is written over again and again. A carriage return and spaces do it: no escape
// sequence is sent. Not thread-safe; owns nothing.
class LiveLine {
 public:
  explicit LiveLine(std::FILE* out) : out_(out) {}
  ~LiveLine() { End(); }
  LiveLine(const LiveLine&) = delete;
  LiveLine& operator=(const LiveLine&) = delete;

  // Writes `text` over what is there, or `shorter`, if there is one, where that does not fit. Cut to the terminal's
  // width: a line that wraps could not be written over.
  void Show(const std::string& text, const std::string& shorter = "");
  // Leaves what is there and begins a new line.
  void End();
  // Takes away what is there.
  void Clear();

 private:
  std::FILE* out_;
  size_t shown_ = 0;  // characters that stand there
};

}  // namespace nmn::terminal
