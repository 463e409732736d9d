#include "bridge/worker_pool.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/nn/action_space.h"
#include "common/rng/philox.h"
#include "common/text/prefixed.h"
#include "common/trajectory/layout.h"
#include "google/protobuf/util/message_differencer.h"

namespace nmn::bridge {
namespace {

// For environments to close in; what is not done then is killed.
constexpr std::chrono::milliseconds kCloseLimit(2000);
constexpr uint8_t kLastTrialEnd = 2;

// Gymnasium's environments and numpy's generators take seeds below 2^31.
uint32_t SeedOf(const rng::Block& block) { return block[0] >> 1; }

uint32_t ActionWidth(const v1::ActionSpace& space) { return nn::ActionCoding(space).recorded_width(); }

bool SameTask(const FoundTask& a, const FoundTask& b) {
  return google::protobuf::util::MessageDifferencer::Equals(a.spec, b.spec) && a.low == b.low && a.high == b.high;
}

}  // namespace

absl::StatusOr<std::unique_ptr<WorkerPool>> WorkerPool::Start(PythonTask task, size_t max_lanes) {
  if (max_lanes < 1 || task.workers < 1)
    return absl::InvalidArgumentError("a task in Python needs at least one lane and one worker");
  std::unique_ptr<WorkerPool> pool(new WorkerPool(std::move(task), max_lanes));
  if (const absl::Status status = pool->StartMembers(max_lanes); !status.ok()) {
    return text::Prefixed(absl::StrCat("task ", pool->task_.task), status);
  }
  return pool;
}

absl::Status WorkerPool::StartMembers(size_t max_lanes) {
  const size_t count = std::min<size_t>(task_.workers, max_lanes);
  std::vector<std::unique_ptr<Worker>> workers;
  for (size_t w = 0; w < count; ++w) {
    absl::StatusOr<std::unique_ptr<Worker>> worker = Worker::Start(task_);
    if (!worker.ok()) return worker.status();
    workers.push_back(*std::move(worker));
  }
  for (size_t w = 0; w < count; ++w) {
    absl::StatusOr<FoundTask> found = workers[w]->Find();
    if (!found.ok()) return found.status();
    if (w == 0)
      found_ = *std::move(found);
    else if (!SameTask(*found, found_))
      return absl::FailedPreconditionError(
          "two workers found different spaces; they must be the same in every process");
    absl::StatusOr<Segment> segment = Segment::Create((max_lanes + count - 1) / count, found_.spec.observation_size(),
                                                      ActionWidth(found_.spec.action()));
    if (!segment.ok()) return segment.status();
    members_.push_back({*std::move(segment), std::move(workers[w])});
  }
  for (Member& member : members_) {
    if (const absl::Status status = member.worker->Open(member.segment); !status.ok()) return status;
  }
  return absl::OkStatus();
}

WorkerPool::~WorkerPool() {
  for (Member& member : members_) {
    if (member.worker != nullptr) member.worker->process().Finish();
  }
  for (Member& member : members_) {
    if (member.worker != nullptr) member.worker->process().WaitForEnd(kCloseLimit);
  }
}

absl::Status WorkerPool::ReplaceFailed() {
  for (Member& member : members_) {
    if (member.worker != nullptr) continue;
    absl::StatusOr<std::unique_ptr<Worker>> worker = Worker::Start(task_);
    if (!worker.ok()) return worker.status();
    const absl::StatusOr<FoundTask> found = (*worker)->Find();
    if (!found.ok()) return found.status();
    if (!SameTask(*found, found_))
      return absl::FailedPreconditionError("a new worker found other spaces; its code changed while it ran");
    if (const absl::Status status = (*worker)->Open(member.segment); !status.ok()) return status;
    member.worker = *std::move(worker);
  }
  return absl::OkStatus();
}

absl::Status WorkerPool::Reset(const env::BatchKey& key, View2 observation) {
  assert(observation.columns <= trial_.size() && observation.rows == found_.spec.observation_size());
  if (const absl::Status status = ReplaceFailed(); !status.ok()) {
    return text::Prefixed(absl::StrCat("task ", task_.task), status);
  }
  key_ = key;
  lanes_ = observation.columns;
  step_ = 0;
  std::fill(trial_.begin(), trial_.end(), 0);
  for (size_t w = 0; w < members_.size(); ++w) {
    Member& member = members_[w];
    member.first = lanes_ * w / members_.size();
    member.count = lanes_ * (w + 1) / members_.size() - member.first;
    member.segment.lanes() = static_cast<int32_t>(member.count);
    for (size_t i = 0; i < member.count; ++i) Seed(member, i);
  }
  if (const absl::Status status = Run(Command::kReset); !status.ok()) return status;
  for (Member& member : members_) {
    for (size_t i = 0; i < member.count; ++i) {
      trial_[member.first + i] = 1;
      for (size_t k = 0; k < observation.rows; ++k)
        observation(k, member.first + i) = member.segment.observation()(i, k);
      Seed(member, i);
    }
  }
  return absl::OkStatus();
}

absl::Status WorkerPool::Step(ConstView2 action, float* reward, float* trial_end, View2 observation) {
  assert(step_ < found_.spec.horizon() && observation.columns == lanes_ && action.columns == lanes_);
  for (Member& member : members_) {
    member.segment.step() = static_cast<int32_t>(step_);
    WriteActions(action, member);
  }
  if (const absl::Status status = Run(Command::kStep); !status.ok()) return status;
  ++step_;
  for (Member& member : members_) {
    for (size_t i = 0; i < member.count; ++i) {
      const size_t lane = member.first + i;
      reward[lane] = member.segment.reward()[i];
      trial_end[lane] = member.segment.trial_end()[i];
      for (size_t k = 0; k < observation.rows; ++k) observation(k, lane) = member.segment.observation()(i, k);
      if (trial_end[lane] == 0) continue;
      ++trial_[lane];
      Seed(member, i);
    }
  }
  return absl::OkStatus();
}

// What the next reset of a lane gets: a worker begins a trial without asking.
void WorkerPool::Seed(Member& member, size_t i) {
  const size_t lane = member.first + i;
  const auto episode = key_.first_episode + static_cast<uint32_t>(lane);
  member.segment.task_seed()[i] = SeedOf(rng::Draw({key_.seed, key_.update, episode, 0}, rng::Purpose::kTask));
  member.segment.trial_seed()[i] =
      SeedOf(rng::Draw({key_.seed, key_.update, episode, trial_[lane]}, rng::Purpose::kTrial));
}

void WorkerPool::WriteActions(ConstView2 action, Member& member) const {
  const View2 out = member.segment.action();
  for (size_t i = 0; i < member.count; ++i) {
    for (size_t k = 0; k < action.rows; ++k) out(i, k) = action(k, member.first + i);
  }
}

// All work at once, and all are waited for, so that whoever did not fail is ready for the next command.
absl::Status WorkerPool::Run(Command command) {
  for (Member& member : members_) {
    if (member.count == 0) continue;
    member.segment.lane_now() = 0;
    // Whoever ended cannot be told; waiting says how.
    (void)member.worker->Send(command);
  }
  absl::Status first;
  for (Member& member : members_) {
    if (member.count == 0) continue;
    absl::Status status = member.worker->Wait(command);
    if (!status.ok()) {
      const size_t lane = std::clamp<size_t>(member.segment.lane_now(), 0, member.count - 1);
      status = Located(command, member.first + lane, status);
      member.worker.reset();
    } else {
      status = Check(command, member);
    }
    if (first.ok()) first = std::move(status);
  }
  if (!first.ok()) lanes_ = 0;  // the episodes are lost
  return first;
}

absl::Status WorkerPool::Check(Command command, Member& member) const {
  const View2 observation = member.segment.observation();
  for (size_t i = 0; i < member.count; ++i) {
    const size_t lane = member.first + i;
    for (size_t k = 0; k < observation.columns; ++k) {
      if (const absl::Status status = CheckObservation(k, observation(i, k)); !status.ok())
        return Located(command, lane, status);
    }
    if (command == Command::kReset) continue;
    const float reward = member.segment.reward()[i];
    if (!(std::fabs(reward) <= trajectory::kLargestEnvironmentValue)) {
      return Located(command, lane,
                     absl::OutOfRangeError(absl::StrCat("the reward is ", reward, "; it must be a number of at most ",
                                                        trajectory::kLargestEnvironmentValue, " in magnitude")));
    }
    if (member.segment.trial_end()[i] > kLastTrialEnd)
      return Located(command, lane,
                     absl::InternalError("the end of its trial is none; something else writes to memory"));
  }
  return absl::OkStatus();
}

absl::Status WorkerPool::CheckObservation(size_t index, float x) const {
  // NaN is not at most anything.
  if (!(std::fabs(x) <= trajectory::kLargestEnvironmentValue)) {
    return absl::OutOfRangeError(absl::StrCat("number ", index, " of the observation is ", x,
                                              "; it must be of at most ", trajectory::kLargestEnvironmentValue,
                                              " in magnitude"));
  }
  if (x < found_.low[index] || x > found_.high[index]) {
    return absl::OutOfRangeError(absl::StrCat("number ", index, " of the observation is ", x, ", and its space says ",
                                              found_.low[index], " to ", found_.high[index]));
  }
  return absl::OkStatus();
}

absl::Status WorkerPool::Located(Command command, size_t lane, const absl::Status& failure) const {
  const std::string when = command == Command::kStep ? absl::StrCat("step ", step_) : "reset";
  return text::Prefixed(absl::StrCat("task ", task_.task, ", environment ", lane, " (update ", key_.update,
                                     ", episode ", key_.first_episode + lane, "), ", when),
                        failure);
}

}  // namespace nmn::bridge
