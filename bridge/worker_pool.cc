#include "bridge/worker_pool.h"

#include <algorithm>
#include <cassert>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/nn/action_space.h"
#include "common/text/prefixed.h"
#include "google/protobuf/util/message_differencer.h"

namespace nmn::bridge {
namespace {

// For environments to close in; what is not done then is killed.
constexpr std::chrono::milliseconds kCloseLimit(2000);
constexpr auto kLastTrialEnd = static_cast<uint8_t>(env::kTruncated);

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
    absl::StatusOr<std::unique_ptr<Worker>> worker = Worker::Start(task_, interruption_);
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
    absl::StatusOr<std::unique_ptr<Worker>> worker = Worker::Start(task_, interruption_);
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
  assert(observation.rows == found_.spec.observation_size());
  if (const absl::Status status = ReplaceFailed(); !status.ok()) {
    return text::Prefixed(absl::StrCat("task ", task_.task), status);
  }
  const size_t lanes = observation.columns;
  episodes_.Begin(key, lanes);
  for (size_t w = 0; w < members_.size(); ++w) {
    Member& member = members_[w];
    member.first = lanes * w / members_.size();
    member.count = lanes * (w + 1) / members_.size() - member.first;
    member.segment.lanes() = static_cast<int32_t>(member.count);
    for (size_t i = 0; i < member.count; ++i) Seed(member, i);
  }
  if (const absl::Status status = Run(Command::kReset); !status.ok()) return status;
  for (Member& member : members_) {
    for (size_t i = 0; i < member.count; ++i) {
      episodes_.NextTrial(member.first + i);
      for (size_t k = 0; k < observation.rows; ++k)
        observation(k, member.first + i) = member.segment.observation()(i, k);
      Seed(member, i);
    }
  }
  return absl::OkStatus();
}

absl::Status WorkerPool::Step(ConstView2 action, const env::StepResult& result) {
  assert(episodes_.step() < found_.spec.horizon() && result.observation.columns == episodes_.lanes());
  for (Member& member : members_) {
    member.segment.step() = static_cast<int32_t>(episodes_.step());
    WriteActions(action, member);
  }
  if (const absl::Status status = Run(Command::kStep); !status.ok()) return status;
  episodes_.NextStep();
  for (Member& member : members_) {
    for (size_t i = 0; i < member.count; ++i) {
      const size_t lane = member.first + i;
      Read(member.segment, i, lane, result);
      if (member.segment.trial_end()[i] == 0) continue;
      episodes_.NextTrial(lane);
      Seed(member, i);
    }
  }
  return absl::OkStatus();
}

void WorkerPool::Read(Segment& segment, size_t i, size_t lane, const env::StepResult& result) {
  const uint8_t end = segment.trial_end()[i];
  result.reward[lane] = segment.reward()[i];
  if (result.trial_end != nullptr) result.trial_end[lane] = end;
  for (size_t k = 0; k < result.observation.rows; ++k) result.observation(k, lane) = segment.observation()(i, k);
  for (size_t k = 0; k < result.final_observation.rows; ++k)
    result.final_observation(k, lane) = end == env::kTruncated ? segment.final_observation()(i, k) : 0;
}

// What the next reset of a lane gets: a worker begins a trial without asking.
void WorkerPool::Seed(Member& member, size_t i) const {
  member.segment.task_seed()[i] = episodes_.task_seed(member.first + i);
  member.segment.trial_seed()[i] = episodes_.trial_seed(member.first + i);
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
      status = episodes_.Located(member.first + lane, command == Command::kReset, status);
      member.worker.reset();
    } else {
      status = Check(command, member);
    }
    if (first.ok()) first = std::move(status);
  }
  if (!first.ok()) episodes_.Lose();
  return first;
}

absl::Status WorkerPool::Check(Command command, Member& member) const {
  const View2 observation = member.segment.observation();
  const bool in_reset = command == Command::kReset;
  for (size_t i = 0; i < member.count; ++i) {
    const size_t lane = member.first + i;
    if (const absl::Status status = CheckObservation(found_, observation.row(i)); !status.ok())
      return episodes_.Located(lane, in_reset, status);
    if (in_reset) continue;
    if (const absl::Status status = CheckReward(member.segment.reward()[i]); !status.ok())
      return episodes_.Located(lane, in_reset, status);
    if (member.segment.trial_end()[i] > kLastTrialEnd) {
      return episodes_.Located(lane, in_reset,
                               absl::InternalError("the end of its trial is none; something else writes to memory"));
    }
    if (member.segment.trial_end()[i] != env::kTruncated) continue;
    if (const absl::Status status = CheckObservation(found_, member.segment.final_observation().row(i)); !status.ok())
      return episodes_.Located(lane, in_reset, status);
  }
  return absl::OkStatus();
}

}  // namespace nmn::bridge
