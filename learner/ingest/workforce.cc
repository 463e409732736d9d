#include "learner/ingest/workforce.h"

#include <algorithm>
#include <limits>

namespace nmn::ingest {
namespace {

constexpr Time kNever = std::numeric_limits<Time>::infinity();
constexpr double kRounding = 1e-6;  // of a sum of rates, relative; far above what it can be

}  // namespace

void Workforce::TakeOut(const Worker& worker) {
  if (worker.idle) {
    idle_.erase(&worker);
    retries_.erase(&worker);
    return;
  }
  if (worker.late) return;
  in_time_.erase(&worker);
  busy_rate_ -= worker.rate;
}

void Workforce::Place(Actor& actor, bool idle, Time now) {
  const auto [found, is_new] = workers_.try_emplace(actor.holder);
  Worker& worker = found->second;
  if (!is_new) TakeOut(worker);
  const Pace& pace = actor.pace;
  worker = {.holder = actor.holder, .actor = &actor, .name = actor.id, .idle = idle};
  worker.rate = pace.episodes_per_second();
  worker.granted = pace.granted();
  worker.late_at = pace.working() ? pace.LateAt() : kNever;
  worker.retry_at = worker.rate == 0 ? kNever : pace.granted() + retry_units_ * unit_episodes_ / worker.rate;
  worker.late = !idle && now >= worker.late_at;
  if (idle) {
    idle_.insert(&worker);
    if (worker.rate > 0) retries_.insert(&worker);
    return;
  }
  if (worker.late) return;
  in_time_.insert(&worker);
  busy_rate_ += worker.rate;
}

void Workforce::Remove(HolderId holder) {
  const auto found = workers_.find(holder);
  if (found == workers_.end()) return;
  TakeOut(found->second);
  workers_.erase(found);
}

void Workforce::Advance(Time now) {
  while (!in_time_.empty() && now >= (*in_time_.begin())->late_at) {
    Worker& worker = workers_.at((*in_time_.begin())->holder);
    in_time_.erase(in_time_.begin());
    busy_rate_ -= worker.rate;
    worker.late = true;
  }
}

const Worker* Workforce::Find(HolderId holder) const {
  const auto found = workers_.find(holder);
  return found == workers_.end() ? nullptr : &found->second;
}

std::vector<Actor*> Workforce::IdleByName() const {
  std::vector<const Worker*> idle(idle_.begin(), idle_.end());
  std::sort(idle.begin(), idle.end(), ByName());
  std::vector<Actor*> actors;
  actors.reserve(idle.size());
  for (const Worker* worker : idle) actors.push_back(worker->actor);
  return actors;
}

double Workforce::TotalRate() {
  busy_rate_ = 0;
  for (const Worker* worker : in_time_) busy_rate_ += worker->rate;
  double idle = 0;
  for (const Worker* worker : idle_) idle += worker->rate;
  return busy_rate_ + idle;
}

bool Workforce::NobodyHasAShare(size_t units, Time now) const {
  if (idle_.empty()) return true;
  if ((*idle_.rbegin())->rate == 0) return false;
  if (now >= (*retries_.begin())->retry_at) return false;
  // No share is above that of the fastest, alone with the busy ones.
  const double fastest = (*idle_.begin())->rate;
  const double total = std::max(0.0, busy_rate_ * (1 - kRounding)) + fastest;
  return static_cast<double>(units) * fastest < (0.5 - kRounding) * total;
}

std::optional<Time> Workforce::NextLate() const {
  if (in_time_.empty() || (*in_time_.begin())->late_at == kNever) return std::nullopt;
  return (*in_time_.begin())->late_at;
}

}  // namespace nmn::ingest
