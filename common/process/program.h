#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "common/exit_code/exit_code.h"

namespace nmn::process {

// Runs `body`, which is all that a program does, and returns its exit code. It also does what every main() of ours does
// first and last.
//
// First: it opens descriptors 0 to 2 if the parent has closed them, so that no file of ours becomes stdin, stdout or
// stderr. (Writing to such a one fails; see OutliveReaders.) It checks that there is room for the files that a program
// needs.
// Then: if memory or threads run out, the process ends with one line and kExitRetry, wherever that happens. A library
// that aborts (SIGABRT) when no memory is left counts too. Any other exception ends it with kExitPermanent, or with
// kExitRetry if the system says that it may pass.
// Last: it flushes stdout. If stdout did not take everything, that is an error: kExitRetry in place of kExitDone. Then
// it flushes stderr, for a second at most.
//
// Lines on stderr begin with `program`, which must outlive the process. Call this once in a process.
int Main(const char* program, const std::function<int()>& body);

// Ends the process with one line on stderr that has `reason` and `detail`. May be called from any thread, and when no
// memory is left.
[[noreturn]] void EndAtOnce(ExitCode code, std::string_view reason, std::string_view detail = "");

// For a program whose work matters more than what it prints. From now on a reader of stdout or stderr does not end or
// stall it if the reader goes away, stops reading or was never there. SIGPIPE is ignored. A thread writes stderr
// (log::WriteFromAThread). A stderr that the parent had closed takes what is written and drops it. So does a stdout,
// unless it is to have the result.
enum class Stdout { kProgress, kResult };
void OutliveReaders(Stdout holds = Stdout::kProgress);

// Tries whether `own` threads and those of gRPC can run beside this one; RESOURCE_EXHAUSTED if not. Without this check
// libraries abort or hang when a thread of theirs cannot be started, in the middle of what is set up by then.
absl::Status CheckThreads(size_t own);
// The same of a process that only asks a learner.
absl::Status CheckClientThreads();

// CheckThreads for a process that trains. Before that it checks whether the address space (RLIMIT_AS) has room for what
// such a process may map. If not, the error names the limit and the need. Without this check chance decides which
// library fails, and how. FAILED_PRECONDITION without /proc, which LibTorch needs.
absl::Status CheckRoomToTrain(size_t own);

}  // namespace nmn::process
