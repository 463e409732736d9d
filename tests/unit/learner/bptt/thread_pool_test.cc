#include "learner/bptt/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <latch>
#include <new>
#include <set>
#include <thread>
#include <vector>

namespace nmn::bptt {
namespace {

TEST(ThreadPool, RunsEachTaskOnce) {
  for (const size_t threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    for (const size_t count : {0, 1, 2, 100}) {
      std::vector<std::atomic<int>> runs(count);
      pool.Run(count, [&](size_t i) { ++runs[i]; });
      for (const auto& times : runs) EXPECT_EQ(times, 1);
    }
  }
}

TEST(ThreadPool, ServesSeveralCallersAtOnce) {
  ThreadPool pool(3);
  std::vector<std::jthread> callers;
  std::atomic<int> sum = 0;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&] {
      const ThreadPool::Seat seat(pool);
      for (int round = 0; round < 200; ++round) pool.Run(5, [&](size_t i) { sum += static_cast<int>(i); });
    });
  }
  callers.clear();
  EXPECT_EQ(sum, 4 * 200 * (0 + 1 + 2 + 3 + 4));
}

// Whichever thread it is in; until Run ends its caller's stack is in use.
TEST(ThreadPool, AnExceptionOfATaskReachesTheCallerOnceNoTaskRuns) {
  for (const size_t threads : {1, 2, 3}) {
    ThreadPool pool(threads);
    for (size_t bad = 0; bad < 4; ++bad) {
      std::atomic<int> running = 0;
      const auto run = [&] {
        pool.Run(4, [&](size_t i) {
          ++running;
          if (i == bad) {
            --running;
            throw std::bad_alloc();
          }
          std::this_thread::yield();
          --running;
        });
      };
      EXPECT_THROW(run(), std::bad_alloc);
      EXPECT_EQ(running, 0);
    }
    std::atomic<int> sum = 0;
    pool.Run(100, [&](size_t i) { sum += static_cast<int>(i); });
    EXPECT_EQ(sum, 4950);
  }
}

// Each waits for the other, so one of the two is the pool's own thread's.
TEST(ThreadPool, AnExceptionInThePoolsOwnThreadReachesTheCaller) {
  ThreadPool pool(2);
  std::latch both(2);
  const std::thread::id caller = std::this_thread::get_id();
  const auto run = [&] {
    pool.Run(2, [&](size_t) {
      both.arrive_and_wait();
      if (std::this_thread::get_id() != caller) throw std::bad_alloc();
    });
  };
  EXPECT_THROW(run(), std::bad_alloc);
}

// Both tasks must be running for either to end.
TEST(ThreadPool, HelpsWhereASeatIsFree) {
  ThreadPool pool(2);
  std::latch both(2);
  pool.Run(2, [&](size_t) { both.arrive_and_wait(); });
}

TEST(ThreadPool, DoesNotHelpWhileEverySeatIsTaken) {
  ThreadPool pool(2);
  const ThreadPool::Seat seat(pool);
  std::set<std::thread::id> ids;  // no lock: one thread runs them all
  for (int round = 0; round < 100; ++round) pool.Run(8, [&](size_t) { ids.insert(std::this_thread::get_id()); });
  EXPECT_EQ(ids, std::set<std::thread::id>{std::this_thread::get_id()});
}

TEST(ThreadPool, HelpsTheOneWhoWorksWhileTheOtherIsAbsent) {
  ThreadPool pool(2);
  const ThreadPool::Absence absence(pool);
  std::thread worker([&] {
    const ThreadPool::Seat seat(pool);
    std::latch both(2);
    pool.Run(2, [&](size_t) { both.arrive_and_wait(); });
  });
  worker.join();
}

}  // namespace
}  // namespace nmn::bptt
