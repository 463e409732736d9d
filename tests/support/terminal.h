#pragma once

#include <cstdlib>
#include <optional>
#include <string>
#include <utility>

namespace nmn::testing {

// A terminal without a person: what is written to `descriptor` can be read back.
class Terminal {
 public:
  explicit Terminal(unsigned short columns = 80);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;
  int descriptor() const { return terminal_; }
  // All that was written so far and not yet read.
  std::string Read();

 private:
  int controller_ = -1;
  int terminal_ = -1;
};

// A variable of this process's environment for as long as this lives; no value: unset.
class Variable {
 public:
  Variable(std::string name, std::optional<std::string> value);
  ~Variable();
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  std::string name_;
  std::optional<std::string> before_;
};

}  // namespace nmn::testing
