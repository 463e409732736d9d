#include "bridge/plugin_lanes.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <limits>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "bridge/plugin_call.h"
#include "common/nn/action_space.h"

namespace nmn::bridge {
namespace {

// What stands in an array before a library writes to it: what it leaves out is found to be no number.
constexpr float kNotWritten = std::numeric_limits<float>::quiet_NaN();

}  // namespace

absl::StatusOr<std::unique_ptr<PluginLanes>> PluginLanes::Create(const PluginLibrary& library, uint32_t horizon,
                                                                 size_t max_lanes) {
  std::unique_ptr<PluginLanes> lanes(new PluginLanes(library, max_lanes));
  if (horizon != 0) lanes->found_.spec.set_horizon(horizon);
  if (absl::Status status = lanes->MakeObject(); !status.ok()) return status;
  return lanes;
}

PluginLanes::PluginLanes(const PluginLibrary& library, size_t max_lanes)
    : task_(*library.task),
      max_lanes_(max_lanes),
      found_(library.found),
      episodes_(library.file, max_lanes),
      error_(NMN_ERROR_SIZE) {}

PluginLanes::~PluginLanes() {
  if (object_ != nullptr) CallForeign(task_.destroy, object_);
}

absl::Status PluginLanes::MakeObject() {
  error_.assign(NMN_ERROR_SIZE, 0);
  nmn_create create = {found_.spec.horizon(), static_cast<uint32_t>(max_lanes_), error_.data()};
  object_ = CallForeign(task_.create, &create);
  if (object_ != nullptr) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("task ", episodes_.task(), ": create returned NULL", Said()));
}

absl::Status PluginLanes::Reset(const env::BatchKey& key, View2 observation) {
  assert(observation.columns <= max_lanes_ && observation.rows == found_.spec.observation_size());
  if (object_ == nullptr) {
    if (absl::Status status = MakeObject(); !status.ok()) return status;
  }
  const size_t lanes = observation.columns;
  episodes_.Begin(key, lanes);
  which_.clear();
  task_seed_.clear();
  trial_seed_.assign(lanes, 0);
  for (size_t lane = 0; lane < lanes; ++lane) {
    which_.push_back(static_cast<uint32_t>(lane));
    task_seed_.push_back(episodes_.task_seed(lane));
  }
  action_.resize(nn::ActionCoding(found_.spec.action()).recorded_width() * lanes);
  reward_.resize(lanes);
  trial_end_.resize(lanes);
  observation_.resize(observation.rows * lanes);
  if (absl::Status status = ResetLanes(); !status.ok()) return Lost(std::move(status));
  CopyTo(observation);
  return absl::OkStatus();
}

absl::Status PluginLanes::Step(ConstView2 action, const env::StepResult& result) {
  assert(episodes_.step() < found_.spec.horizon() && result.observation.columns == episodes_.lanes());
  const size_t lanes = episodes_.lanes();
  for (size_t k = 0; k < action.rows; ++k) std::copy_n(action.row(k), lanes, &action_[k * lanes]);
  if (absl::Status status = StepLanes(); !status.ok()) return Lost(std::move(status));
  std::copy_n(reward_.data(), lanes, result.reward);
  if (result.trial_end != nullptr) std::copy_n(trial_end_.data(), lanes, result.trial_end);
  for (size_t k = 0; k < result.final_observation.rows; ++k) {
    for (size_t lane = 0; lane < lanes; ++lane)
      result.final_observation(k, lane) = trial_end_[lane] == NMN_TRUNCATED ? observation_[k * lanes + lane] : 0;
  }
  const bool last = episodes_.step() + 1 == found_.spec.horizon();
  which_.clear();
  for (size_t lane = 0; lane < lanes; ++lane) {
    if (trial_end_[lane] == NMN_GOING_ON || last) continue;
    which_.push_back(static_cast<uint32_t>(lane));
    episodes_.NextTrial(lane);
  }
  if (!which_.empty()) {
    if (absl::Status status = ResetLanes(); !status.ok()) return Lost(std::move(status));
  }
  episodes_.NextStep();
  CopyTo(result.observation);
  return absl::OkStatus();
}

absl::Status PluginLanes::ResetLanes() {
  const auto lanes = static_cast<uint32_t>(episodes_.lanes());
  for (const uint32_t lane : which_) {
    trial_seed_[lane] = episodes_.trial_seed(lane);
    for (size_t k = 0; k < found_.spec.observation_size(); ++k) observation_[k * lanes + lane] = kNotWritten;
  }
  error_.assign(NMN_ERROR_SIZE, 0);
  nmn_reset reset = {lanes,
                     static_cast<uint32_t>(which_.size()),
                     which_.data(),
                     task_seed_.data(),
                     trial_seed_.data(),
                     observation_.data(),
                     which_[0],
                     error_.data()};
  const int code = CallForeign(task_.reset, object_, &reset);
  if (code != 0) return Failed(reset.failed_lane, true, code);
  for (const uint32_t lane : which_) {
    if (absl::Status status = CheckColumn(lane); !status.ok()) return episodes_.Located(lane, true, status);
  }
  return absl::OkStatus();
}

absl::Status PluginLanes::StepLanes() {
  const auto lanes = static_cast<uint32_t>(episodes_.lanes());
  std::fill(reward_.begin(), reward_.end(), kNotWritten);
  std::fill(trial_end_.begin(), trial_end_.end(), NMN_GOING_ON);
  std::fill(observation_.begin(), observation_.end(), kNotWritten);
  error_.assign(NMN_ERROR_SIZE, 0);
  nmn_step step = {lanes, episodes_.step(), action_.data(), reward_.data(), trial_end_.data(), observation_.data(),
                   0,     error_.data()};
  const int code = CallForeign(task_.step, object_, &step);
  if (code != 0) return Failed(step.failed_lane, false, code);
  for (size_t lane = 0; lane < lanes; ++lane) {
    absl::Status status = CheckReward(reward_[lane]);
    if (status.ok()) status = CheckTrialEnd(trial_end_[lane]);
    if (status.ok()) status = CheckColumn(lane);
    if (!status.ok()) return episodes_.Located(lane, false, status);
  }
  return absl::OkStatus();
}

absl::Status PluginLanes::CheckTrialEnd(uint8_t trial_end) const {
  if (trial_end > NMN_TRUNCATED)
    return absl::OutOfRangeError(absl::StrCat("trial_end is ", trial_end, "; it must be 0, 1 or 2"));
  if (trial_end != NMN_GOING_ON && !found_.spec.has_trials())
    return absl::OutOfRangeError(absl::StrCat("trial_end is ", trial_end, ", and has_trials of the spec is 0"));
  return absl::OkStatus();
}

absl::Status PluginLanes::CheckColumn(size_t lane) const {
  for (size_t k = 0; k < found_.spec.observation_size(); ++k) {
    absl::Status status = CheckObserved(found_, k, observation_[k * episodes_.lanes() + lane]);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

void PluginLanes::CopyTo(View2 observation) const {
  for (size_t k = 0; k < observation.rows; ++k)
    std::copy_n(&observation_[k * episodes_.lanes()], episodes_.lanes(), observation.row(k));
}

absl::Status PluginLanes::Lost(absl::Status failure) {
  CallForeign(task_.destroy, std::exchange(object_, nullptr));
  episodes_.Lose();
  return failure;
}

// What the library said last of its failure, on one line.
std::string PluginLanes::Said() const {
  const std::string text(error_.data(), strnlen(error_.data(), error_.size()));
  return text.empty() ? "" : absl::StrCat(": ", absl::CHexEscape(text));
}

absl::Status PluginLanes::Failed(size_t lane, bool in_reset, int code) {
  return episodes_.Located(std::min(lane, episodes_.lanes() - 1), in_reset,
                           absl::AbortedError(absl::StrCat("it returned ", code, Said())));
}

}  // namespace nmn::bridge
