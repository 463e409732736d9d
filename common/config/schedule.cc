#include "common/config/schedule.h"

#include "absl/strings/str_cat.h"
#include "common/config/config.h"

namespace nmn::config {

void ScaleSchedule(v1::RunConfig& config) {
  if (config.ppo().anneal_updates() != 0) config.mutable_ppo()->set_anneal_updates(BudgetUpdates(config));
}

std::optional<std::string> ScheduleNotice(const v1::RunConfig& config) {
  const uint32_t schedule = config.ppo().anneal_updates(), budget = BudgetUpdates(config);
  if (schedule <= budget) return std::nullopt;
  return absl::StrCat("the budget, ", budget, " updates, ends before the schedule of ppo.anneal_updates, ", schedule,
                      ": the learning rates stay high; --scale_schedule makes the schedule as long as the budget");
}

}  // namespace nmn::config
