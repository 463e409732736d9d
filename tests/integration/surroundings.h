#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/support/subprocess.h"

namespace nmn::testing {

inline constexpr int kRetry = 1;
inline constexpr int kPermanent = 42;
inline constexpr int kInterrupted = 75;

// Whether a sanitizer is compiled in, which needs memory and descriptors of its own.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

// `command` after `setting` and with `redirection`, both of a shell.
inline std::vector<std::string> InShell(const std::string& setting, std::vector<std::string> command,
                                        const std::string& redirection = "") {
  command.insert(command.begin(), {"/bin/sh", "-c", setting + "\nexec \"$0\" \"$@\" " + redirection});
  return command;
}

inline void ExpectOneLine(const Outcome& outcome, int code, const ::testing::Matcher<std::string>& message) {
  EXPECT_EQ(outcome.code, code) << outcome.err;
  EXPECT_THAT(outcome.err, message);
  EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
}

// The limit does not hold for root.
inline std::vector<std::string> LimitedToProcesses(std::vector<std::string> command, int limit) {
  const std::string as_nobody = geteuid() == 0 ? "exec setpriv --reuid=65534 --regid=65534 --clear-groups " : "exec ";
  command.insert(command.begin(),
                 {"/bin/bash", "-c", "ulimit -u " + std::to_string(limit) + "\n" + as_nobody + "\"$0\" \"$@\""});
  return command;
}

// Whether LimitedToProcesses can run the programs.
inline bool AnotherUserReachesThePrograms() {
  return RunProcess(LimitedToProcesses({"/usr/bin/test", "-x", Binary("nmn")}, 100000)).code == 0;
}

}  // namespace nmn::testing
