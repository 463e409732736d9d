#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/trajectory/batch.h"
#include "learner/ingest/batch_shape.h"
#include "nmn/v1/learner.pb.h"

namespace nmn::ingest {

// The episodes of one update. Each is in the column of its number, so the order of arrival does not matter.
//
// A message comes in by three steps, because the middle one moves megabytes and needs no lock:
//   Reserve (which of its episodes are missing) -> Claim::Write (compares and copies) -> Keep or GiveUp
// Everything needs the caller's lock, except Claim::Write and reading a complete slab.
class Slab {
  struct Content;

 public:
  // Where two plays of an episode differ.
  struct Difference {
    std::string what;  // "reward", "observation[3]", "measure hits"
    uint32_t episode = 0;
    std::optional<uint32_t> step;  // none: the difference is of the whole episode
    double here = 0, there = 0;
  };

  // The episodes of one message on their way into a slab.
  class Claim {
   public:
    // `trajectory` is the message that the claim was made for. Compares, bit for bit, the episodes that were there when
    // the claim was made. If they are the same, copies those that were missing. Needs no lock, because nobody else
    // touches either.
    void Write(const v1::Trajectory& trajectory);
    // What Write found: false if an episode that was there differs.
    bool agrees() const { return !difference_; }
    // The first step at which it differs.
    const std::optional<Difference>& difference() const { return difference_; }
    // How many episodes were there and were played by the same version of the policy.
    uint32_t compared() const { return Episodes(there_); }
    // How many episodes it brings.
    uint32_t missing() const { return Episodes(missing_); }

   private:
    friend class Slab;
    struct Run {
      uint32_t first = 0;
      uint32_t count = 0;
    };
    static uint32_t Episodes(const std::vector<Run>& runs);
    bool IsSame(const v1::Trajectory& trajectory) const;
    std::optional<Difference> FirstDifference(const v1::Trajectory& trajectory) const;

    std::shared_ptr<Content> content_;
    std::vector<Run> missing_;
    std::vector<Run> there_;  // and played by the same version of the policy
    std::optional<Difference> difference_;
  };

  explicit Slab(const BatchShape& shape);

  // Forgets all episodes. A claim that is on its way then writes where nobody reads, and is not kept.
  void Clear();

  // `trajectory` must have passed CheckShape.
  Claim Reserve(const v1::Trajectory& trajectory);
  // The episodes that the claim brought are here from now on, and never change. False if the slab was cleared
  // meanwhile.
  bool Keep(const Claim& claim);
  // The episodes that the claim would have brought are missing again.
  void GiveUp(const Claim& claim);

  bool complete() const { return present_count_ == episodes_.size(); }
  bool Has(uint32_t episode) const { return episodes_[episode] == Episode::kPresent; }

  // Views into this slab.
  trajectory::TrajectoryBatch batch() const;
  // Version of the policy that played each episode.
  const std::vector<uint32_t>& policy_versions() const { return content_->policy_versions; }
  // [measure][episode], in the order of BatchShape::measures.
  const std::vector<std::vector<double>>& measures() const { return content_->measures; }

 private:
  enum class Episode : uint8_t {
    kMissing,
    kReserved,  // by a claim
    kPresent
  };
  struct Content {
    explicit Content(const BatchShape& shape);

    const BatchShape shape;
    trajectory::TrajectoryArrays arrays;
    std::vector<std::vector<double>> measures;  // [measure][episode]
    std::vector<uint32_t> policy_versions;      // [episode]
  };

  // False if the claim is of a content that Clear has dropped.
  bool Mark(const Claim& claim, Episode state);

  std::shared_ptr<Content> content_;
  std::vector<Episode> episodes_;
  uint32_t present_count_ = 0;
};

}  // namespace nmn::ingest
