#include "tests/fault/simulation/simulated_learner.h"

#include <algorithm>

#include "tests/fault/simulation/episodes.h"
#include "tests/support/deliver.h"

namespace nmn::fault {
namespace {

constexpr char kDirectory[] = "/runs/simulation";
constexpr uint32_t kSaveEvery = 4;
constexpr uint32_t kKeep = 3;
constexpr double kLeaseSeconds = 10;
constexpr double kLongestRestart = 8;
constexpr double kLongestUpdate = 2;
constexpr uint64_t kLongestUntilPowerLoss = 60;  // operations of the disk

}  // namespace

SimulatedLearner::SimulatedLearner(World& world, testing::FaultFileSystem& disk, uint32_t budget_updates,
                                   uint32_t max_lag)
    : world_(world), disk_(disk), budget_(budget_updates), max_lag_(max_lag) {}

void SimulatedLearner::Start() {
  if (finished_ || run_ != nullptr) return;
  ++life_;
  ++starts_;
  run_ = std::make_unique<testing::ToyRun>(disk_, kDirectory, kKeep);
  if (absl::Status status = run_->Start(); !status.ok()) {
    world_.Trace("start failed: " + status.ToString());
    if (absl::IsDataLoss(status)) return Violation("refused to start: " + std::string(status.message()));
    return Die(true);
  }
  // P3: what was reported saved is there, or the one before it where the newest was damaged, and then loudly.
  const std::optional<uint32_t> promised = damaged_ ? saved_before_ : saved_;
  if (run_->update() < promised.value_or(0)) Violation("restored update " + std::to_string(run_->update()));
  if (!damaged_ && !run_->notices().empty()) Violation("an undamaged checkpoint was called corrupt");
  if (damaged_ && saved_ > saved_before_ && run_->update() == *saved_ && run_->notices().empty())
    Violation("a damaged checkpoint was loaded");
  if (run_->generation() <= last_generation_) Violation("generation " + std::to_string(run_->generation()) + " again");
  damaged_ = false;
  saved_ = saved_before_ = run_->update();
  whole_ = 0;
  last_generation_ = run_->generation();
  core_ = std::make_unique<ingest::Core>(ingest::CoreOptions{.run_id = kSimulatedRun,
                                                             .generation = run_->generation(),
                                                             .config_hash = "config",
                                                             .shape = SimulatedShape(),
                                                             .unit_episodes = kSimulatedUnit,
                                                             .max_lag = max_lag_,
                                                             .last_update = budget_,
                                                             .lease_seconds = kLeaseSeconds,
                                                             .max_actors = 64,
                                                             .max_message_bytes = 1 << 16,
                                                             .events = &run_->events()});
  world_.Trace("generation " + std::to_string(run_->generation()) + " after update " + std::to_string(run_->update()));
  if (run_->update() >= budget_) return Finish();
  published_.clear();
  Publish();
  Decide();
}

void SimulatedLearner::Publish() {
  const uint32_t next = run_->update() + 1;
  published_[next] = run_->weights();
  core_->Publish(next);
  core_->Open(next);
}

void SimulatedLearner::Die(bool power_lost) {
  core_.reset();
  run_.reset();
  training_ = false;
  timer_.reset();
  ++life_;
  if (power_lost) disk_.PowerOn(testing::FaultFileSystem::Survival::kAnything, world_.Number());
  const std::map<uint64_t, ActorEnd*> streams = std::exchange(streams_, {});
  sequences_.clear();
  for (const auto& [stream, actor] : streams) actor->OnClosed(stream);
  world_.In(world_.Uniform(0.1, kLongestRestart), [this] { Start(); });
}

void SimulatedLearner::Kill() {
  if (run_ == nullptr || finished_) return;
  world_.Trace("learner killed");
  Die(false);
}

void SimulatedLearner::LosePowerSoon() { disk_.CutPowerAt(disk_.steps() + world_.Below(kLongestUntilPowerLoss)); }

void SimulatedLearner::DamageNewestCheckpoint() {
  const auto names = disk_.List(std::string(kDirectory) + "/checkpoints");
  // One damaged at a time: all that are kept but the newest are whole.
  if (!names.ok() || whole_ < kKeep) return;
  for (auto name = names->rbegin(); name != names->rend(); ++name) {
    if (name->size() != std::string("ckpt-00000000").size()) continue;
    const std::string file = std::string(kDirectory) + "/checkpoints/" + *name + "/state.binpb";
    const std::optional<std::string> content = disk_.Get(file);
    if (!content || content->empty()) return;
    disk_.FlipBits(file, world_.Below(content->size()), static_cast<uint8_t>(1 + world_.Below(255)));
    damaged_ = true;
    whole_ = 0;
    world_.Trace("damaged " + file);
    return;
  }
}

std::optional<uint32_t> SimulatedLearner::Register(const std::string& id, uint64_t incarnation) {
  if (!up()) return std::nullopt;
  const absl::Status status = core_->Register(id, incarnation, 0, world_.now());
  Decide();
  if (!status.ok() || !up()) return std::nullopt;
  return run_->generation();
}

uint64_t SimulatedLearner::OpenStream(ActorEnd* actor) {
  if (!up()) return 0;
  const uint64_t stream = ++last_stream_;
  streams_[stream] = actor;
  core_->Connect(stream, world_.now());
  Decide();
  return stream;
}

void SimulatedLearner::CloseStream(uint64_t stream) {
  if (streams_.erase(stream) == 0) return;
  sequences_.erase(stream);
  core_->Disconnect(stream, world_.now());
  Decide();
}

std::optional<std::pair<uint32_t, std::string>> SimulatedLearner::FetchWeights() const {
  if (!up()) return std::nullopt;
  return std::pair(run_->update() + 1, run_->weights());
}

void SimulatedLearner::OnMessage(const Envelope& envelope) {
  if (!up() || !streams_.contains(envelope.stream)) return;
  if (!core_->Count(envelope.stream, ++sequences_[envelope.stream], world_.now()).ok())
    Violation("a message miscounted");
  if (envelope.up.has_hello()) {
    if (!core_->Hello(envelope.stream, envelope.up.hello(), world_.now()).ok()) {
      ActorEnd* actor = streams_.at(envelope.stream);
      CloseStream(envelope.stream);
      return actor->OnClosed(envelope.stream);
    }
    SendWeights(envelope.stream);
  }
  if (envelope.up.has_leaving()) core_->Leave(envelope.stream);
  if (envelope.up.has_trajectory()) Deliver(envelope);
  Decide();
}

void SimulatedLearner::Deliver(const Envelope& envelope) {
  const v1::Trajectory& trajectory = envelope.up.trajectory();
  ingest::Verdict verdict = core_->Examine(envelope.stream, trajectory, trajectory.ByteSizeLong(), world_.now());
  if (verdict.accepted())
    verdict = ingest::Deliver(*core_, SimulatedShape().layout, envelope.stream, trajectory, world_.now());
  v1::LearnerMessage message;
  *message.mutable_acknowledgement()->mutable_unit() = trajectory.unit();
  message.mutable_acknowledgement()->set_first_episode(trajectory.first_episode());
  message.mutable_acknowledgement()->set_reason(verdict.reason);
  Send(envelope.stream, message);
}

void SimulatedLearner::Send(uint64_t stream, const v1::LearnerMessage& message) {
  const auto found = streams_.find(stream);
  if (found != streams_.end()) found->second->OnMessage({stream, {}, message});
}

void SimulatedLearner::SendWeights(uint64_t stream) {
  v1::LearnerMessage message;
  message.mutable_weights()->set_version(run_->update() + 1);
  message.mutable_weights()->set_data(run_->weights());
  Send(stream, message);
}

void SimulatedLearner::Decide() {
  if (!up()) return;
  const ingest::Decisions decisions = core_->Decide(world_.now());
  for (const ingest::Close& close : decisions.closes) {
    const auto found = streams_.find(close.stream);
    if (found == streams_.end()) continue;
    ActorEnd* actor = found->second;
    streams_.erase(found);
    sequences_.erase(close.stream);
    actor->OnClosed(close.stream);
  }
  for (const ingest::Grant& grant : decisions.grants) {
    v1::LearnerMessage message;
    *message.mutable_lease() = grant.lease;
    Send(grant.stream, message);
  }
  if (core_->complete() && !training_) {
    training_ = true;
    world_.In(world_.Uniform(0, kLongestUpdate), [this, life = life_] {
      if (life == life_) Train();
    });
  }
  const std::optional<double> next = core_->NextInstant(world_.now());
  if (!next || next == timer_) return;
  timer_ = next;
  world_.In(*next - world_.now(), [this, life = life_] {
    if (life == life_) Decide();
  });
}

void SimulatedLearner::Train() {
  training_ = false;
  CheckBatch();
  if (!run_->Update(BatchBytes(core_->slab())).ok()) return Die(true);
  if (run_->update() == budget_) return Finish();
  if (run_->update() % kSaveEvery == 0 && !SaveOrDie()) return;
  Publish();
  const std::map<uint64_t, ActorEnd*> streams = streams_;
  for (const auto& [stream, actor] : streams) SendWeights(stream);
  Decide();
}

void SimulatedLearner::CheckBatch() {
  const uint32_t update = core_->update();
  const v1::UnitId all = WholeUpdate(update);
  for (uint32_t e = 0; e < all.count(); ++e) {
    const uint32_t version = core_->slab().policy_versions()[e];
    if (!Fits(version, update) || !published_.contains(version)) {
      Violation("an episode of update " + std::to_string(update) + " by version " + std::to_string(version));
    } else if (!HoldsEpisode(core_->slab(),
                             PlaySimulated(version, published_[version], run_->generation(), all, e, 1))) {
      Violation("an episode of update " + std::to_string(update) + " is not what its policy plays");
    }
  }
}

// A save that fails is no reason to stop training; a disk that is gone is. False where the learner has died.
bool SimulatedLearner::SaveOrDie() {
  const absl::Status status = run_->Save();
  if (status.ok()) {
    if (!damaged_) saved_before_ = saved_;  // else the one before is what is left of those
    saved_ = run_->update();
    damaged_ = false;
    ++whole_;
    return true;
  }
  world_.Trace("not saved: " + status.ToString());
  if (disk_.Exists(kDirectory).ok()) return true;
  Die(true);
  return false;
}

void SimulatedLearner::Finish() {
  if (!run_->Save().ok()) return Die(true);
  if (!run_->events().Flush().ok()) return Die(true);
  finished_ = true;
  final_weights_ = run_->weights();
}

void SimulatedLearner::Violation(const std::string& what) {
  violations_.push_back("at " + std::to_string(world_.now()) + " s: " + what + " (saved " +
                        std::to_string(saved_.value_or(0)) + ", before " + std::to_string(saved_before_.value_or(0)) +
                        ")");
  world_.Trace(violations_.back());
}

}  // namespace nmn::fault
