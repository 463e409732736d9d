#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <thread>
#include <vector>

#include "common/sync/mutex.h"

namespace nmn::bptt {

// Threads that live as long as the pool and share out numbered tasks. Which thread runs a task is open, so a task must
// write only what is its own. Denormals are flushed in every task. One Run at a time; blocks until all tasks are done.
class ThreadPool {
 public:
  // `threads` counts the caller of Run, so threads - 1 are started; at least 1.
  explicit ThreadPool(size_t threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // task(0) .. task(count - 1), in parallel.
  void Run(size_t count, const std::function<void(size_t)>& task);

 private:
  void Work();
  void TakeTasks(const std::function<void(size_t)>& task, size_t count);

  Mutex mutex_;
  CondVar wake_;
  CondVar done_;
  const std::function<void(size_t)>* task_ NMN_GUARDED_BY(mutex_) = nullptr;
  size_t count_ NMN_GUARDED_BY(mutex_) = 0;
  size_t round_ NMN_GUARDED_BY(mutex_) = 0;  // of Run, so that a worker joins each one once
  size_t busy_ NMN_GUARDED_BY(mutex_) = 0;   // workers that have not finished this round
  bool closing_ NMN_GUARDED_BY(mutex_) = false;
  std::atomic<size_t> next_{0};
  std::vector<std::thread> workers_;
};

}  // namespace nmn::bptt
