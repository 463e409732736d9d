#include "learner/bptt/thread_pool.h"

#include "common/nn/denormals.h"

namespace nmn::bptt {

ThreadPool::ThreadPool(size_t threads) {
  for (size_t i = 1; i < threads; ++i) workers_.emplace_back([this] { Work(); });
}

ThreadPool::~ThreadPool() {
  {
    MutexLock lock(mutex_);
    closing_ = true;
    wake_.NotifyAll();
  }
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::Run(size_t count, const std::function<void(size_t)>& task) {
  const bool alone = workers_.empty() || count < 2;
  next_ = 0;
  if (!alone) {
    MutexLock lock(mutex_);
    task_ = &task;
    count_ = count;
    busy_ = workers_.size();
    ++round_;
    wake_.NotifyAll();
  }
  TakeTasks(task, count);
  if (!alone) {
    MutexLock lock(mutex_);
    while (busy_ > 0) done_.Wait(mutex_);
  }
}

void ThreadPool::TakeTasks(const std::function<void(size_t)>& task, size_t count) {
  const nn::ScopedFlushDenormals flush;
  for (size_t i = next_++; i < count; i = next_++) task(i);
}

void ThreadPool::Work() {
  size_t seen = 0;
  while (true) {
    const std::function<void(size_t)>* task;
    size_t count;
    {
      MutexLock lock(mutex_);
      while (!closing_ && round_ == seen) wake_.Wait(mutex_);
      if (closing_) return;
      seen = round_;
      task = task_;
      count = count_;
    }
    TakeTasks(*task, count);
    MutexLock lock(mutex_);
    if (--busy_ == 0) done_.NotifyAll();
  }
}

}  // namespace nmn::bptt
