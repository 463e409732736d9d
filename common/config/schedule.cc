#include "common/config/schedule.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/config/config.h"
#include "common/text/counted.h"

namespace nmn::config {

void ScaleSchedule(v1::RunConfig& config) {
  if (config.ppo().anneal_updates() != 0) config.mutable_ppo()->set_anneal_updates(BudgetUpdates(config));
}

std::optional<std::string> ScheduleNotice(const v1::RunConfig& config) {
  const uint32_t schedule = config.ppo().anneal_updates(), budget = BudgetUpdates(config);
  if (schedule == 0 || schedule == budget) return std::nullopt;
  if (schedule < budget) {
    return absl::StrCat("the budget, ", text::Counted(budget, "update"), ", goes on after the schedule of ",
                        "ppo.anneal_updates, ", schedule, ": from there on the learning rates stay at ",
                        config.ppo().anneal_final(), " of what they were at first");
  }
  return absl::StrCat("the budget, ", text::Counted(budget, "update"),
                      ", ends before the schedule of ppo.anneal_updates, ", schedule,
                      ": the learning rates stay high; --scale_schedule makes the schedule as long as the budget");
}

double AnnealedFraction(const v1::PpoOptions& options, uint32_t update) {
  if (options.anneal_updates() == 0) return 0;
  return std::min(1.0, (update - 1.0) / options.anneal_updates());
}

double MinLogVariance(const v1::RunConfig& config, uint32_t update) {
  const double first = config.network().min_log_variance();
  const v1::PolicyUpdate& policy = config.ppo().policy();
  if (!policy.has_final_min_log_variance()) return first;
  return first + (policy.final_min_log_variance() - first) * AnnealedFraction(config.ppo(), update);
}

v1::RunConfig ConfigAfter(const v1::RunConfig& config, uint32_t updates) {
  v1::RunConfig result = config;
  result.mutable_network()->set_min_log_variance(MinLogVariance(config, updates + 1));
  result.mutable_ppo()->mutable_policy()->clear_final_min_log_variance();
  return result;
}

}  // namespace nmn::config
