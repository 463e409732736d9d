#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "common/exit_code/exit_code.h"

namespace nmn::process {

// Runs `body`, all that a program does, and returns its exit code; what every main() of ours does first and last.
//
// First: descriptors 0 to 2 that the parent has closed are opened, so that no file of ours becomes stdin, stdout or
// stderr (one that is written to fails; see OutliveReaders); and there must be room for the files a program needs.
// Then: running out of memory or threads ends the process with one line and kExitRetry, wherever it happens; so does
// any other exception, with kExitPermanent, or kExitRetry where the system says that it may pass. A library that aborts
// (SIGABRT) where no memory is left has run out of it too.
// Last: stdout is flushed, and what it did not take is an error: kExitRetry in place of kExitDone. So is stderr, for a
// second at most.
//
// `program` is how lines on stderr begin; it must outlive the process. Once in a process.
int Main(const char* program, const std::function<int()>& body);

// Ends the process with one line on stderr, `reason` and `detail`; from any thread and with no memory left.
[[noreturn]] void EndAtOnce(ExitCode code, std::string_view reason, std::string_view detail = "");

// For a program whose work matters more than what it says: from now on a reader of stdout or stderr that has gone, has
// stopped to read or was never there neither ends nor stalls it. SIGPIPE is ignored, a thread writes stderr
// (log::WriteFromAThread), a stdout or stderr that the parent had closed takes and forgets what is written.
void OutliveReaders();

// RESOURCE_EXHAUSTED unless `own` threads and those of gRPC can run beside this one, tried: libraries abort or hang
// where one of theirs cannot be started, and what is set up by then is cut off in the middle.
absl::Status CheckThreads(size_t own);

// CheckThreads, of a process that trains; before it the same, with the limit and the need, where the address space is
// limited (RLIMIT_AS) below what such a process may map: below it chance decides which library fails, and how.
absl::Status CheckRoomToTrain(size_t own);

}  // namespace nmn::process
