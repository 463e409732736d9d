#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

// Clang's thread-safety attributes; nothing elsewhere.
#if defined(__clang__)
#define NMN_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define NMN_THREAD_ANNOTATION(x)
#endif
#define NMN_GUARDED_BY(x) NMN_THREAD_ANNOTATION(guarded_by(x))
#define NMN_REQUIRES(...) NMN_THREAD_ANNOTATION(requires_capability(__VA_ARGS__))
#define NMN_EXCLUDES(...) NMN_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))

namespace nmn {

// std::mutex with annotations. Debian's abseil is not instrumented, so absl::Mutex would make ThreadSanitizer report
// races that are none.
class NMN_THREAD_ANNOTATION(capability("mutex")) Mutex {
 public:
  void Lock() NMN_THREAD_ANNOTATION(acquire_capability()) { mutex_.lock(); }
  void Unlock() NMN_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }

 private:
  friend class CondVar;
  std::mutex mutex_;
};

class NMN_THREAD_ANNOTATION(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) NMN_THREAD_ANNOTATION(acquire_capability(mutex)) : mutex_(mutex) { mutex_.Lock(); }
  ~MutexLock() NMN_THREAD_ANNOTATION(release_capability()) { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// std::condition_variable on a Mutex. Wakes without cause: wait in a loop over the condition.
class CondVar {
 public:
  void Wait(Mutex& mutex) NMN_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    condition_.wait(lock);
    lock.release();
  }
  // False when `deadline` has passed.
  bool WaitUntil(Mutex& mutex, std::chrono::steady_clock::time_point deadline) NMN_REQUIRES(mutex) {
    std::unique_lock<std::mutex> lock(mutex.mutex_, std::adopt_lock);
    const bool in_time = condition_.wait_until(lock, deadline) == std::cv_status::no_timeout;
    lock.release();
    return in_time;
  }
  void NotifyAll() { condition_.notify_all(); }

 private:
  std::condition_variable condition_;
};

}  // namespace nmn
