#pragma once

#include <cstdint>
#include <functional>
#include <iostream>
#include <queue>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace nmn::fault {

// A clock that stands still between events, the events to come, and all chance. One seed, one history.
class World {
 public:
  World(uint64_t seed, bool trace) : draw_(seed), trace_(trace) {}

  double now() const { return now_; }
  uint64_t events() const { return events_; }

  // Runs `action` in `delay` seconds. Events of the same instant keep the order in which they were planned.
  void In(double delay, std::function<void()> action) { queue_.push({now_ + delay, planned_++, std::move(action)}); }
  // False where nothing is planned.
  bool Step() {
    if (queue_.empty()) return false;
    Planned next = queue_.top();
    queue_.pop();
    now_ = next.time;
    ++events_;
    next.action();
    return true;
  }

  bool Chance(double probability) { return Uniform(0, 1) < probability; }
  double Uniform(double low, double high) { return low + (high - low) * static_cast<double>(draw_() >> 11) * 0x1p-53; }
  uint64_t Below(uint64_t bound) { return draw_() % bound; }
  uint64_t Number() { return draw_(); }

  void Trace(const std::string& what) const {
    if (trace_) std::cerr << now_ << " " << what << "\n";
  }

 private:
  struct Planned {
    double time;
    uint64_t order;
    std::function<void()> action;
    bool operator<(const Planned& other) const { return time != other.time ? time > other.time : order > other.order; }
  };

  double now_ = 0;
  uint64_t events_ = 0;
  uint64_t planned_ = 0;
  std::priority_queue<Planned> queue_;
  std::mt19937_64 draw_;
  const bool trace_;
};

}  // namespace nmn::fault
