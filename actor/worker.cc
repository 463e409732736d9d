#include "actor/worker.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "actor/outbox.h"

namespace nmn::actor {
namespace {

// Of episodes whose task failed, before the failure is taken to be no chance.
constexpr int kNewBeginnings = 3;

// Whether the same episodes may go well when they are played again: how a task of the user's own fails
// (bridge/worker.h).
bool MayGoWell(const absl::Status& failure) {
  switch (failure.code()) {
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kUnavailable:
      return true;
    default:
      return false;
  }
}

}  // namespace

Worker::Worker(Options options, std::unique_ptr<RolloutEngine> engine, std::function<void()> notify)
    : options_(std::move(options)),
      engine_(std::move(engine)),
      notify_(std::move(notify)),
      thread_([this] { Loop(); }) {}

Worker::~Worker() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    jobs_.clear();
    abandon_ = true;
    changed_.NotifyAll();
  }
  engine_->Interrupt();
  thread_.join();
}

void Worker::Start(Job job) {
  MutexLock lock(mutex_);
  jobs_.push_back(std::move(job));
  changed_.NotifyAll();
}

void Worker::Abandon() {
  MutexLock lock(mutex_);
  jobs_.clear();
  units_out_ = 0;
  output_ = {};
  abandon_ = true;
}

Worker::Output Worker::Take() {
  MutexLock lock(mutex_);
  return std::exchange(output_, {});
}

bool Worker::HasUnit(const v1::UnitId& unit) const {
  MutexLock lock(mutex_);
  for (size_t j = 0; j < jobs_.size(); ++j) {
    const std::vector<v1::UnitId>& units = jobs_[j].units;
    const auto first = units.begin() + static_cast<std::ptrdiff_t>(j == 0 ? std::min(units_out_, units.size()) : 0);
    if (std::any_of(first, units.end(), [&](const v1::UnitId& u) { return SameUnit(u, unit); })) return true;
  }
  return false;
}

uint64_t Worker::environment_steps() const {
  MutexLock lock(mutex_);
  return environment_steps_;
}

double Worker::steps_per_second() const {
  MutexLock lock(mutex_);
  return steps_per_second_;
}

void Worker::Loop() {
  while (true) {
    Job job;
    {
      MutexLock lock(mutex_);
      while (!stopping_ && jobs_.empty()) changed_.Wait(mutex_);
      if (stopping_) return;
      abandon_ = false;
      units_out_ = 0;
      job = jobs_.front();
    }
    Play(job);
    MutexLock lock(mutex_);
    if (!abandon_) {
      jobs_.erase(jobs_.begin());
      units_out_ = 0;
    }
  }
}

void Worker::Play(const Job& job) {
  engine_->SetParameters(job.weights->parameters, job.weights->version);
  // Units that lie side by side are one batch, as far as the engine has lanes.
  for (size_t first = 0; first < job.units.size() && !abandon_;) {
    size_t count = 1;
    uint64_t lanes = job.units[first].count();
    while (first + count < job.units.size()) {
      const v1::UnitId& last = job.units[first + count - 1];
      const v1::UnitId& next = job.units[first + count];
      if (next.first_episode() != last.first_episode() + last.count() || lanes + next.count() > options_.max_lanes)
        break;
      lanes += next.count();
      ++count;
    }
    const absl::Status status = PlayBatch(job, first, count);
    if (!status.ok() && !abandon_) {
      MutexLock lock(mutex_);
      output_.failure = status;
    }
    notify_();
    first += count;
  }
}

absl::StatusOr<RolloutResult> Worker::Roll(const env::BatchKey& key, size_t lanes) {
  absl::StatusOr<RolloutResult> rollout = engine_->Run(key, lanes, 1, &abandon_);
  for (int beginning = 0; beginning < kNewBeginnings && !abandon_; ++beginning) {
    if (rollout.ok() || !MayGoWell(rollout.status())) return rollout;
    spdlog::warn("{}; its episodes begin anew", std::string(rollout.status().message()));
    rollout = engine_->Run(key, lanes, 1, &abandon_);
  }
  return rollout;
}

absl::Status Worker::PlayBatch(const Job& job, size_t first, size_t count) {
  const v1::UnitId& begin = job.units[first];
  const v1::UnitId& last = job.units[first + count - 1];
  const size_t lanes = last.first_episode() + last.count() - begin.first_episode();
  const env::BatchKey key{
      .seed = options_.config.seed(),
      .update = begin.update(),
      .first_episode = begin.first_episode(),
      .first_global_episode =
          uint64_t{begin.update() - 1} * options_.config.ppo().episodes_per_update() + begin.first_episode()};
  const auto start = std::chrono::steady_clock::now();
  const absl::StatusOr<RolloutResult> rollout = Roll(key, lanes);
  if (!rollout.ok()) return rollout.status();
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  TrajectoryHeader header = options_.header;
  header.policy_version = job.weights->version;
  std::vector<v1::Trajectory> messages;
  for (size_t u = first; u < first + count; ++u) {
    for (v1::Trajectory& message : MakeTrajectories(header, job.units[u], *rollout))
      messages.push_back(std::move(message));
  }
  const uint64_t steps = rollout->trajectories.steps() * lanes;
  MutexLock lock(mutex_);
  if (abandon_) return absl::CancelledError("abandoned");
  environment_steps_ += steps;
  options_.metrics->environment_steps.Increment(static_cast<double>(steps));
  options_.metrics->units.Increment(static_cast<double>(count));
  options_.metrics->busy_seconds.Increment(elapsed.count());
  steps_per_second_ = static_cast<double>(steps) / std::max(elapsed.count(), 1e-9);
  std::move(messages.begin(), messages.end(), std::back_inserter(output_.trajectories));
  units_out_ = first + count;
  return absl::OkStatus();
}

}  // namespace nmn::actor
