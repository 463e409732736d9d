#pragma once

namespace nmn {

// gRPC promises that what a reactor did before it started an operation, its construction included, happens before the
// callbacks that follow. ThreadSanitizer cannot know: Debian's gRPC is not built with it. So a reactor says
// HandOver(this) before each Start.., Finish and the end of its constructor, and TakeOver(this) first in each callback.
// Nothing in any other build.
#if defined(__SANITIZE_THREAD__)
extern "C" void __tsan_acquire(void* address);  // NOLINT(bugprone-reserved-identifier)
extern "C" void __tsan_release(void* address);  // NOLINT(bugprone-reserved-identifier)
inline void HandOver(void* object) { __tsan_release(object); }
inline void TakeOver(void* object) { __tsan_acquire(object); }
#else
inline void HandOver(void*) {}
inline void TakeOver(void*) {}
#endif

}  // namespace nmn
