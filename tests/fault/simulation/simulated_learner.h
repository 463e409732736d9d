#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "learner/ingest/core.h"
#include "tests/fault/simulation/peer.h"
#include "tests/fault/simulation/world.h"
#include "tests/support/fault_file_system.h"
#include "tests/support/toy_run.h"

namespace nmn::fault {

// The real ingest core and the real durable state on a fault disk, driven as the service and the run loop drive them.
// Can die at any moment and starts again a while later. With a `max_lag` above 0, in ASYNC.
class SimulatedLearner {
 public:
  SimulatedLearner(World& world, testing::FaultFileSystem& disk, uint32_t budget_updates, uint32_t max_lag);

  uint32_t max_lag() const { return max_lag_; }
  // Whether weights of that version may play that update.
  bool Fits(uint32_t version, uint32_t update) const {
    return version > 0 && version <= update && update - version <= max_lag_;
  }

  bool up() const { return core_ != nullptr; }
  bool finished() const { return finished_; }
  const std::string& final_weights() const { return final_weights_; }
  const std::vector<std::string>& violations() const { return violations_; }
  uint32_t starts() const { return starts_; }
  std::optional<uint32_t> saved() const { return saved_; }

  void Start();
  // As kill -9 does: what was written stays, what was in memory is gone.
  void Kill();
  // The power will go within the next few operations of the disk.
  void LosePowerSoon();
  // The newest checkpoint is damaged: noticed at the next start, if there is one before the next save.
  void DamageNewestCheckpoint();

  // Rpcs. The generation; nullopt where nobody answers or the learner refuses.
  std::optional<uint32_t> Register(const std::string& id, uint64_t incarnation);
  uint64_t OpenStream(ActorEnd* actor);  // 0 where nobody answers
  void OnMessage(const Envelope& envelope);
  void CloseStream(uint64_t stream);  // by the actor, or by the network
  // Version and weights.
  std::optional<std::pair<uint32_t, std::string>> FetchWeights() const;

 private:
  void Die(bool power_lost);
  void Decide();
  void Train();
  void Publish();
  // In the batch that is about to be trained on, each episode is what weights of its version play, within the bound.
  void CheckBatch();
  bool SaveOrDie();
  void Finish();
  void Send(uint64_t stream, const v1::LearnerMessage& message);
  void SendWeights(uint64_t stream);
  void Deliver(const Envelope& envelope);
  void Violation(const std::string& what);

  World& world_;
  testing::FaultFileSystem& disk_;
  const uint32_t budget_;
  const uint32_t max_lag_;
  std::unique_ptr<testing::ToyRun> run_;
  std::unique_ptr<ingest::Core> core_;
  std::map<uint32_t, std::string> published_;  // weights of this life, by version
  std::map<uint64_t, ActorEnd*> streams_;
  std::map<uint64_t, uint64_t> sequences_;
  uint64_t last_stream_ = 0;  // of all lives: a stream of an earlier life is nobody's
  uint64_t life_ = 0;
  bool training_ = false;
  bool finished_ = false;
  bool damaged_ = false;  // the newest of the disk, and nothing was saved since
  uint32_t whole_ = 0;    // checkpoints in a row, the newest among them, that were saved and not damaged
  uint32_t starts_ = 0;
  uint32_t last_generation_ = 0;
  std::optional<uint32_t> saved_;         // newest checkpoint that was reported
  std::optional<uint32_t> saved_before_;  // and the one before it
  std::optional<double> timer_;
  std::string final_weights_;
  std::vector<std::string> violations_;
};

}  // namespace nmn::fault
