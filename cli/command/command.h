#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace nmn::command {

struct Result {
  int exit_code = 0;  // or 128 + signal
  std::string out;    // stdout
  std::string err;    // stderr

  // What it said last, on stderr or else on stdout: the last line that is not empty, or "it said nothing".
  std::string LastWords() const;
};

// A scheduler that is down, a disk that does not answer: longer than anything that works.
inline constexpr std::chrono::seconds kLimit(120);

// Runs a program to its end with empty stdin; blocks. arguments[0] is looked for in PATH; no shell is involved.
// SIGINT, SIGTERM and SIGPIPE do to it what they do by default, whatever they do here. NOT_FOUND where there is no such
// program. DEADLINE_EXCEEDED: it had not ended after `limit`, and was killed. `folder`: where it begins; "" is here.
// `without`: variables that it does not get.
absl::StatusOr<Result> Run(const std::vector<std::string>& arguments, std::chrono::milliseconds limit = kLimit,
                           const std::string& folder = "", const std::vector<std::string>& without = {});

// The last line that is not empty, or "it said nothing".
std::string LastLine(const std::string& text);

// The absolute path of the program `name` that PATH finds. NOT_FOUND: "NAME is not in PATH".
absl::StatusOr<std::string> InPath(const std::string& name);

// The absolute path of the program `name` in the folder of this process's own: its siblings of the same build.
// NOT_FOUND names the path where there is none.
absl::StatusOr<std::string> Sibling(const std::string& name);

}  // namespace nmn::command
