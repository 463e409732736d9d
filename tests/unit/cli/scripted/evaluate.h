#pragma once

#include <cmath>
#include <string_view>
#include <vector>

#include "cli/scripted/scripted_policy.h"

namespace nmn::scripted {

struct Estimate {
  double mean = 0;
  double error = 0;  // standard error of the mean
};
inline Estimate EstimateOf(const std::vector<double>& values) {
  double sum = 0, squares = 0;
  for (const double value : values) sum += value;
  const double mean = sum / static_cast<double>(values.size());
  for (const double value : values) squares += (value - mean) * (value - mean);
  const double n = static_cast<double>(values.size());
  return {mean, std::sqrt(squares / (n - 1) / n)};
}

inline v1::EnvironmentOptions OptionsOf(std::string_view benchmark, v1::Domain domain = v1::DOMAIN_REFERENCE) {
  v1::EnvironmentOptions options;
  options.set_domain(domain);
  if (benchmark == "bandit") options.set_arms(2);
  if (benchmark == "b2") options.set_cone(0.628318530717958648);
  return options;
}

struct Returns {
  std::vector<double> raw;                  // [lane]
  std::vector<double> discounted;           // [lane], gamma 0.998
  std::vector<float> raw_actions;           // [time, component, lane]
  std::vector<std::vector<double>> trials;  // [trial][lane that completed it] return
};

// Whole episodes of a scripted policy.
inline Returns Play(std::string_view policy, std::string_view benchmark, const v1::EnvironmentOptions& options,
                    size_t lanes, const env::BatchKey& key = {.seed = 20}) {
  const auto environment = env::MakeEnvironment(benchmark, options, lanes).value();
  const auto rule = MakeScriptedPolicy(policy, benchmark, options, lanes).value();
  const env::EnvironmentSpec& spec = environment->spec();
  const size_t size = spec.observation_size;
  const size_t width = spec.action.has_box() ? static_cast<size_t>(spec.action.box().low_size()) : 1;
  std::vector<float> x(size * lanes), u(width * lanes), action(width * lanes), reward(lanes);
  const View2 observation(x.data(), size, lanes), raw_action(u.data(), width, lanes);
  const View2 fed_back(action.data(), width, lanes);
  environment->Reset(key, observation);
  rule->Reset(key, lanes);
  Returns returns{std::vector<double>(lanes), std::vector<double>(lanes), {}, {}};
  std::vector<float> trial_end(lanes, env::kGoesOn);
  std::vector<double> of_trial(lanes);
  std::vector<size_t> trial(lanes);
  double weight = 1;
  for (uint32_t t = 0; t < environment->horizon(); ++t, weight *= 0.998) {
    rule->Act(*environment, t, observation, fed_back, reward.data(), raw_action);
    environment->Step(raw_action, {fed_back, reward.data(), observation, trial_end.data()});
    returns.raw_actions.insert(returns.raw_actions.end(), u.begin(), u.end());
    for (size_t lane = 0; lane < lanes; ++lane) {
      returns.raw[lane] += reward[lane];
      returns.discounted[lane] += weight * reward[lane];
      of_trial[lane] += reward[lane];
      if (trial_end[lane] == env::kGoesOn) continue;
      if (returns.trials.size() == trial[lane]) returns.trials.emplace_back();
      returns.trials[trial[lane]++].push_back(of_trial[lane]);
      of_trial[lane] = 0;
    }
  }
  return returns;
}

}  // namespace nmn::scripted
