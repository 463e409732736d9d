// Mean returns and measures of four rules against the independent simulation: within 4 standard errors of the
// difference. NMN_ENV_EPISODES sets the number of episodes (the specification's acceptance has 10000; unset, what fits
// a quick test), and prints the figures.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <numbers>
#include <ostream>
#include <random>

#include "tests/unit/common/env/player.h"
#include "tests/unit/common/env/simulation.h"

namespace nmn::env {
namespace {

using simulation::Episode;
using simulation::Generator;
using simulation::Rule;

constexpr double kErrors = 4;
constexpr size_t kDefaultEpisodes = 1000;
constexpr size_t kLanes = 250;

struct Setting {
  std::string name;
  std::string benchmark;
  v1::EnvironmentOptions options;
  std::function<Episode(Rule, Generator&)> simulate;
};

void PrintTo(const Setting& setting, std::ostream* out) { *out << setting.name; }

std::vector<Setting> Settings() {
  std::vector<Setting> settings;
  for (const bool paper : {false, true}) {
    auto options = PaperOptions("b1");
    if (paper) options.set_domain(v1::DOMAIN_PAPER);
    settings.push_back({paper ? "b1_paper" : "b1_reference", "b1", options, [paper](Rule rule, Generator& generator) {
                          return simulation::MovingTarget(rule, paper, generator);
                        }});
  }
  for (const int part : {5, 4}) {
    const double cone = std::numbers::pi / part;
    auto options = PaperOptions("b2");
    options.set_cone(cone);
    settings.push_back({"b2_pi_" + std::to_string(part), "b2", options, [cone](Rule rule, Generator& generator) {
                          return simulation::WindyNavigation(rule, cone, generator);
                        }});
  }
  settings.push_back({"b3", "b3", PaperOptions("b3"), simulation::TwoTargets});
  return settings;
}

std::string NameOf(Rule rule) {
  switch (rule) {
    case Rule::kRandom:
      return "random";
    case Rule::kZero:
      return "zero";
    case Rule::kUntrained:
      return "untrained";
    case Rule::kMemoryless:
      return "memoryless";
  }
  return "";
}

size_t Episodes() {
  const char* asked = std::getenv("NMN_ENV_EPISODES");
  return asked == nullptr ? kDefaultEpisodes : std::strtoull(asked, nullptr, 10);
}

// u of one lane; the rules of docs/specification.md section 4 for random, zero, untrained and memoryless.
float ActionOf(Rule rule, const Player& player, bool is_b1, size_t features, size_t lane, Generator& generator) {
  switch (rule) {
    case Rule::kRandom:
      return is_b1 ? std::uniform_real_distribution<float>(-4, 4)(generator)
                   : std::uniform_real_distribution<float>(0, 2)(generator);
    case Rule::kZero:
      return 0;
    case Rule::kUntrained:
      return std::normal_distribution<float>(0, std::exp(-0.5f))(generator);
    case Rule::kMemoryless:
      break;
  }
  if (is_b1) return player.x(0, lane) / 5;
  size_t nearest = 0;
  if (features == 4) {
    const float first = std::hypot(player.x(0, lane), player.x(1, lane));
    const float second = std::hypot(player.x(2, lane), player.x(3, lane));
    if (second < first) nearest = 2;
  }
  return std::atan2(player.x(nearest + 1, lane), player.x(nearest, lane)) / std::numbers::pi_v<float>;
}

// [figure][episode]: raw and discounted return, measures.
using Figures = std::vector<std::vector<double>>;

Figures PlayEnvironment(const Setting& setting, Rule rule, size_t episodes) {
  Generator generator(1);
  Figures figures;
  for (size_t first = 0; first < episodes; first += kLanes) {
    const size_t lanes = std::min(kLanes, episodes - first);
    Player player(setting.benchmark, setting.options, lanes,
                  {.seed = 2026, .first_episode = static_cast<uint32_t>(first)});
    const EnvironmentSpec& spec = player.environment().spec();
    figures.resize(2 + spec.measures.size());
    std::vector<double> raw(lanes), discounted(lanes);
    double weight = 1;
    for (uint32_t t = 0; t < player.environment().horizon(); ++t, weight *= 0.998) {
      for (size_t lane = 0; lane < lanes; ++lane) {
        player.u[lane] = ActionOf(rule, player, setting.benchmark == "b1", spec.observation_size, lane, generator);
      }
      player.Step();
      for (size_t lane = 0; lane < lanes; ++lane) {
        raw[lane] += player.reward[lane];
        discounted[lane] += weight * player.reward[lane];
      }
    }
    for (size_t lane = 0; lane < lanes; ++lane) {
      figures[0].push_back(raw[lane]);
      figures[1].push_back(discounted[lane]);
      for (size_t m = 0; m < spec.measures.size(); ++m) figures[2 + m].push_back(player.environment().Measure(m, lane));
    }
  }
  return figures;
}

Figures PlaySimulation(const Setting& setting, Rule rule, size_t episodes) {
  Generator generator(7);
  Figures figures;
  for (size_t i = 0; i < episodes; ++i) {
    const Episode episode = setting.simulate(rule, generator);
    figures.resize(2 + episode.measures.size());
    figures[0].push_back(episode.raw);
    figures[1].push_back(episode.discounted);
    for (size_t m = 0; m < episode.measures.size(); ++m) figures[2 + m].push_back(episode.measures[m]);
  }
  return figures;
}

struct Estimate {
  double mean;
  double error;
};
Estimate EstimateOf(const std::vector<double>& values) {
  const double n = static_cast<double>(values.size());
  double sum = 0, squares = 0;
  for (const double value : values) sum += value;
  for (const double value : values) squares += (value - sum / n) * (value - sum / n);
  return {sum / n, std::sqrt(squares / (n - 1) / n)};
}

class AgainstSimulation : public ::testing::TestWithParam<std::tuple<Setting, Rule>> {};
INSTANTIATE_TEST_SUITE_P(
    NmnSection1, AgainstSimulation,
    ::testing::Combine(::testing::ValuesIn(Settings()),
                       ::testing::Values(Rule::kRandom, Rule::kZero, Rule::kUntrained, Rule::kMemoryless)),
    [](const auto& info) { return std::get<0>(info.param).name + "_" + NameOf(std::get<1>(info.param)); });

TEST_P(AgainstSimulation, MeansAgreeWithinFourStandardErrors) {
  const auto& [setting, rule] = GetParam();
  const Figures played = PlayEnvironment(setting, rule, Episodes());
  const Figures simulated = PlaySimulation(setting, rule, Episodes());
  std::vector<std::string> names = {"return", "discounted"};
  const EnvironmentSpec spec = FindSpec(setting.benchmark).value();
  names.insert(names.end(), spec.measures.begin(), spec.measures.end());
  ASSERT_EQ(played.size(), names.size());
  ASSERT_EQ(simulated.size(), names.size());
  for (size_t i = 0; i < names.size(); ++i) {
    const Estimate ours = EstimateOf(played[i]);
    const Estimate theirs = EstimateOf(simulated[i]);
    const double error = std::hypot(ours.error, theirs.error);
    EXPECT_LE(std::abs(ours.mean - theirs.mean), kErrors * error)
        << names[i] << ": " << ours.mean << " +- " << ours.error << ", simulation " << theirs.mean << " +- "
        << theirs.error;
    if (std::getenv("NMN_ENV_EPISODES") != nullptr) {
      std::printf("%-12s %-10s %-10s %10.2f +- %7.2f  simulation %10.2f +- %7.2f  z %5.2f\n", setting.name.c_str(),
                  NameOf(rule).c_str(), names[i].c_str(), ours.mean, ours.error, theirs.mean, theirs.error,
                  error > 0 ? (ours.mean - theirs.mean) / error : 0.0);
    }
  }
}

}  // namespace
}  // namespace nmn::env
