#include "bridge/episodes.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/rng/philox.h"
#include "common/text/prefixed.h"

namespace nmn::bridge {
namespace {

uint32_t SeedOf(const rng::Block& block) { return block[0] >> 1; }

}  // namespace

void Episodes::Begin(const env::BatchKey& key, size_t lanes) {
  key_ = key;
  lanes_ = lanes;
  step_ = 0;
  std::fill(trial_.begin(), trial_.end(), 0);
}

uint32_t Episodes::task_seed(size_t lane) const {
  const auto episode = key_.first_episode + static_cast<uint32_t>(lane);
  return SeedOf(rng::Draw({key_.seed, key_.update, episode, 0}, rng::Purpose::kTask));
}

uint32_t Episodes::trial_seed(size_t lane) const {
  const auto episode = key_.first_episode + static_cast<uint32_t>(lane);
  return SeedOf(rng::Draw({key_.seed, key_.update, episode, trial_[lane]}, rng::Purpose::kTrial));
}

absl::Status Episodes::Located(size_t lane, bool in_reset, const absl::Status& failure) const {
  const std::string when = in_reset ? "reset" : absl::StrCat("step ", step_);
  return text::Prefixed(absl::StrCat("task ", task_, ", environment ", lane, " (update ", key_.update, ", episode ",
                                     key_.first_episode + lane, "), ", when),
                        failure);
}

}  // namespace nmn::bridge
