#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "common/sync/mutex.h"

namespace nmn::bptt {

// Threads that live as long as the pool and share out numbered tasks. Which thread runs a task is open, so a task must
// write only what is its own. Denormals are flushed in every task.
//
// Several threads may call Run at once, each for tasks of its own. So that no more than `threads` compute at a time,
// such a thread holds a Seat while it works, whether in Run or between; the first caller's seat is there from the
// beginning, and it gives it up in an Absence while it only waits. The pool's own threads help where seats are free.
class ThreadPool {
 public:
  // `threads` counts the caller of Run, so threads - 1 are started; at least 1.
  explicit ThreadPool(size_t threads);
  // The same of a user's number: INVALID_ARGUMENT below 1.
  static absl::StatusOr<std::shared_ptr<ThreadPool>> Create(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  size_t threads() const { return threads_; }

  // task(0) .. task(count - 1), in parallel; blocks until all are done. An exception of a task is thrown here, the
  // first of several, once no task runs any more; those that had not begun by then are left out.
  void Run(size_t count, const std::function<void(size_t)>& task);

  class Seat {
   public:
    explicit Seat(ThreadPool& pool) : pool_(pool) { pool_.ChangeSeats(1); }
    ~Seat() { pool_.ChangeSeats(-1); }
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;

   private:
    ThreadPool& pool_;
  };
  class Absence {
   public:
    explicit Absence(ThreadPool& pool) : pool_(pool) { pool_.ChangeSeats(-1); }
    ~Absence() { pool_.ChangeSeats(1); }
    Absence(const Absence&) = delete;
    Absence& operator=(const Absence&) = delete;

   private:
    ThreadPool& pool_;
  };

 private:
  // One call of Run; lives on its stack.
  struct Job {
    const std::function<void(size_t)>* task = nullptr;
    size_t count = 0;
    std::atomic<size_t> next{0};
    size_t helpers = 0;          // of the pool's threads, inside it now; guarded by mutex_
    std::exception_ptr failure;  // of a task; likewise
  };

  void Work();
  void ChangeSeats(int by);
  bool SeatIsFree() const NMN_REQUIRES(mutex_) { return seats_ + helping_ < threads_; }
  // A job with tasks that nobody has taken, if a seat is free for them; or null.
  Job* JobToHelp() const NMN_REQUIRES(mutex_);
  void TakeTasks(Job& job);

  const size_t threads_;
  Mutex mutex_;
  CondVar wake_;
  CondVar done_;
  std::vector<Job*> jobs_ NMN_GUARDED_BY(mutex_);  // in the order of their calls
  size_t seats_ NMN_GUARDED_BY(mutex_) = 1;
  size_t helping_ NMN_GUARDED_BY(mutex_) = 0;  // of the pool's threads
  bool closing_ NMN_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> workers_;
};

}  // namespace nmn::bptt
