#include "learner/bptt/thread_pool.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/nn/denormals.h"

namespace nmn::bptt {

ThreadPool::ThreadPool(size_t threads) : threads_(threads) {
  for (size_t i = 1; i < threads; ++i) workers_.emplace_back([this] { Work(); });
}

absl::StatusOr<std::shared_ptr<ThreadPool>> ThreadPool::Create(int threads) {
  if (threads < 1) return absl::InvalidArgumentError(absl::StrCat("threads is ", threads, "; it must be at least 1"));
  return std::make_shared<ThreadPool>(static_cast<size_t>(threads));
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
  const bool shared = threads_ > 1 && count > 1;
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
  if (job.failure != nullptr) std::rethrow_exception(job.failure);
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
  try {
    for (size_t i = job.next++; i < job.count; i = job.next++) (*job.task)(i);
  } catch (...) {
    job.next = job.count;
    MutexLock lock(mutex_);
    if (job.failure == nullptr) job.failure = std::current_exception();
  }
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
