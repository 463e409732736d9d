#include "learner/bptt/thread_pool.h"

#include <algorithm>

#include "common/nn/denormals.h"

namespace nmn::bptt {

ThreadPool::ThreadPool(size_t threads) {
  workers_.reserve(threads - 1);
  for (size_t i = 1; i < threads; ++i) workers_.emplace_back();
  for (std::thread& worker : workers_) worker = std::thread([this] { Work(); });
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
  Job job;
  job.task = &task;
  job.count = count;
  const bool shared = !workers_.empty() && count > 1;
  if (shared) {
    MutexLock lock(mutex_);
    jobs_.push_back(&job);
    if (SeatIsFree()) wake_.NotifyAll();
  }
  TakeTasks(job);
  if (shared) {
    MutexLock lock(mutex_);
    jobs_.erase(std::find(jobs_.begin(), jobs_.end(), &job));
    while (job.helpers > 0) done_.Wait(mutex_);
  }
}

void ThreadPool::ChangeSeats(int by) {
  MutexLock lock(mutex_);
  seats_ += by;
  if (SeatIsFree()) wake_.NotifyAll();
}

ThreadPool::Job* ThreadPool::JobToHelp() const {
  if (!SeatIsFree()) return nullptr;
  const auto open = std::find_if(jobs_.begin(), jobs_.end(), [](const Job* job) { return job->next < job->count; });
  return open == jobs_.end() ? nullptr : *open;
}

void ThreadPool::TakeTasks(Job& job) {
  const nn::ScopedFlushDenormals flush;
  for (size_t i = job.next++; i < job.count; i = job.next++) (*job.task)(i);
}

void ThreadPool::Work() {
  while (true) {
    Job* job = nullptr;
    {
      MutexLock lock(mutex_);
      while (!closing_ && (job = JobToHelp()) == nullptr) wake_.Wait(mutex_);
      if (closing_) return;
      ++helping_;
      ++job->helpers;
    }
    TakeTasks(*job);
    MutexLock lock(mutex_);
    --helping_;
    if (--job->helpers == 0) done_.NotifyAll();
  }
}

}  // namespace nmn::bptt
