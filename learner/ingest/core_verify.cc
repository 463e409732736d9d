// Units that are played twice, to check that the task depends on its seeds alone, whoever plays it.

#include "absl/strings/str_cat.h"
#include "learner/ingest/core.h"

namespace nmn::ingest {
namespace {

// In each of the first updates of a process a unit is verified. So a task that depends on more than its seeds shows
// soon, also after its code changed.
constexpr uint32_t kFirstUpdates = 3;

}  // namespace

bool Core::IsToBeVerified(uint32_t update) const {
  if (options_.verify_units == 0) return false;
  return update - first_update_ < kFirstUpdates || update % options_.verify_units == 0;
}

// Called when a unit has arrived for the first time.
void Core::PlayAgainWhereWanted(uint32_t update, size_t unit, const std::string& first_player) {
  Collection& collection = Of(update);
  if (!collection.verification.wanted || collection.verification.unit) return;
  collection.verification.unit = unit;
  collection.verification.first_player = first_player;
  collection.leases.Again(unit);
}

// It is a second play only if the actor holds a lease of the unit. A copy of the first play is not one.
bool Core::IsSecondPlay(const Actor& actor, const v1::Trajectory& trajectory) const {
  const std::optional<size_t> unit = UnitIndex(trajectory.unit());
  if (!unit) return false;
  const Collection& collection = Of(trajectory.unit().update());
  return collection.verification.wanted && collection.verification.unit == unit &&
         collection.leases.IsHeldBy(actor.holder, *unit);
}

Verdict Core::KeepSecondPlay(const Actor& actor, const v1::Trajectory& trajectory, const Slab::Claim& claim) {
  Collection& collection = Of(trajectory.unit().update());
  Verification& verification = collection.verification;
  Verdict verdict{v1::DUPLICATE, ""};
  uint64_t* outcome = nullptr;
  if (claim.difference()) {
    outcome = &verified_units_.different;
    Differs(actor, trajectory, *claim.difference());
    verdict = {v1::DUPLICATE_DIFFERS, "the unit was played twice, and differs"};
    ++rejects_[verdict.reason];
  } else if (claim.compared() < trajectory.count()) {
    outcome = &verified_units_.undecided;
  } else {
    verification.compared += trajectory.count();
    if (verification.compared >= trajectory.unit().count()) outcome = &verified_units_.same;
  }
  if (outcome == nullptr) return verdict;
  ++*outcome;
  verification.wanted = false;
  collection.leases.Finish(*verification.unit);
  return verdict;
}

void Core::Differs(const Actor& actor, const v1::Trajectory& trajectory, const Slab::Difference& difference) {
  const v1::UnitId& unit = trajectory.unit();
  const std::string text = absl::StrCat(
      "the unit of episodes ", unit.first_episode(), " to ", unit.first_episode() + unit.count() - 1, " of update ",
      unit.update(), " was played twice and differs: ", difference.what, " of episode ", difference.episode,
      difference.step ? absl::StrCat(" at step ", *difference.step) : "", " is ", difference.here, ", then ",
      difference.there, " (actors ", Of(unit.update()).verification.first_player, " and ", actor.id, "); task ",
      options_.task.name(),
      " is not a function of its seeds, see nmn task check and docs/tasks.md; where it is, a machine computes wrong");
  if (options_.max_lag == 0) {
    failure_ = absl::FailedPreconditionError(text);
  } else {
    warnings_.push_back(text);
  }
}

}  // namespace nmn::ingest
