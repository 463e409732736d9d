// The random MDP's rules: against a simulation that shares no code, brute force, and published figures.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

#include "cli/scripted/tabular_planning.h"
#include "tests/unit/cli/scripted/evaluate.h"

namespace nmn::scripted {
namespace {

constexpr double kErrors = 4;
constexpr int kStates = 10, kActions = 5, kSteps = 10;
constexpr const char* kTask = "tabular";

using Generator = std::mt19937_64;
using Table = std::vector<std::vector<double>>;  // [state][action]

// A process as another program keeps it.
struct Mdp {
  Table mean = Table(kStates, std::vector<double>(kActions));
  std::vector<Table> next = std::vector<Table>(kStates, Table(kActions, std::vector<double>(kStates)));
};

// Value of the best action, by recursion over the steps that are left with a memory; fills in what to do.
double Best(const Mdp& mdp, int left, int state, std::vector<std::vector<double>>& known,
            std::vector<std::vector<int>>& choice) {
  if (left == 0) return 0;
  double& value = known[static_cast<size_t>(left)][static_cast<size_t>(state)];
  if (!std::isnan(value)) return value;
  double best = -INFINITY;
  for (int action = 0; action < kActions; ++action) {
    const auto s = static_cast<size_t>(state), a = static_cast<size_t>(action);
    double sum = mdp.mean[s][a];
    for (int k = 0; k < kStates; ++k)
      sum += mdp.next[s][a][static_cast<size_t>(k)] * Best(mdp, left - 1, k, known, choice);
    if (sum <= best) continue;
    best = sum;
    choice[static_cast<size_t>(left)][s] = action;
  }
  return value = best;
}
double Solve(const Mdp& mdp, std::vector<std::vector<int>>& choice) {
  std::vector<std::vector<double>> known(kSteps + 1, std::vector<double>(kStates, std::nan("")));
  choice.assign(kSteps + 1, std::vector<int>(kStates));
  for (int state = 0; state < kStates; ++state) Best(mdp, kSteps, state, known, choice);
  return Best(mdp, kSteps, 0, known, choice);
}

std::vector<double> Dirichlet(const std::vector<double>& weights, Generator& generator) {
  std::vector<double> parts;
  double sum = 0;
  for (const double weight : weights) sum += parts.emplace_back(std::gamma_distribution<double>(weight)(generator));
  for (double& part : parts) part /= sum;
  return parts;
}

Mdp DrawMdp(Generator& generator) {
  Mdp mdp;
  for (auto& row : mdp.mean) {
    for (double& mean : row) mean = std::normal_distribution<double>(1, 1)(generator);
  }
  for (Table& of_state : mdp.next) {
    for (auto& next : of_state) next = Dirichlet(std::vector<double>(kStates, 1.0), generator);
  }
  return mdp;
}

// What somebody has seen of a process.
struct Experience {
  Table sum = Table(kStates, std::vector<double>(kActions)), count = sum;  // of rewards
  // Times of each next state, and one before any.
  std::vector<Table> next = std::vector<Table>(kStates, Table(kActions, std::vector<double>(kStates, 1.0)));

  // Takes `action`, and learns from it: of the next state only where it is `shown`. Returns the reward.
  double Learn(const Mdp& truth, size_t& state, size_t action, bool shown, Generator& generator) {
    const double reward = truth.mean[state][action] + std::normal_distribution<double>()(generator);
    const auto& chances = truth.next[state][action];
    const size_t after = std::discrete_distribution<size_t>(chances.begin(), chances.end())(generator);
    sum[state][action] += reward;
    count[state][action] += 1;
    if (shown) next[state][action][after] += 1;
    state = after;
    return reward;
  }
};

// Posterior sampling over ten trials, by the standard library alone: the return of each trial.
std::vector<double> PosteriorSampling(Generator& generator) {
  const Mdp truth = DrawMdp(generator);
  Experience seen;
  std::vector<double> returns;
  for (int trial = 0; trial < 10; ++trial) {
    Mdp drawn;
    for (size_t s = 0; s < kStates; ++s) {
      for (size_t a = 0; a < kActions; ++a) {
        const double precision = 1 + seen.count[s][a];
        drawn.mean[s][a] =
            std::normal_distribution<double>((1 + seen.sum[s][a]) / precision, 1 / std::sqrt(precision))(generator);
        drawn.next[s][a] = Dirichlet(seen.next[s][a], generator);
      }
    }
    std::vector<std::vector<int>> choice;
    Solve(drawn, choice);
    size_t state = 0;
    double total = 0;
    for (int t = 0; t < kSteps; ++t) {
      const auto action = static_cast<size_t>(choice[static_cast<size_t>(kSteps - t)][state]);
      total += seen.Learn(truth, state, action, t + 1 < kSteps, generator);
    }
    returns.push_back(total);
  }
  return returns;
}

TEST(TabularRules, PosteriorSamplingAgreesWithAnIndependentSimulation) {
  constexpr size_t kEpisodes = 600;
  const Returns ours = Play("psrl", kTask, {}, kEpisodes);
  Generator generator(7);
  std::vector<std::vector<double>> theirs(10);
  std::vector<double> whole;
  for (size_t i = 0; i < kEpisodes; ++i) {
    const std::vector<double> returns = PosteriorSampling(generator);
    whole.push_back(0);
    for (size_t k = 0; k < 10; ++k) {
      theirs[k].push_back(returns[k]);
      whole.back() += returns[k];
    }
  }
  const auto expect = [](const std::vector<double>& a, const std::vector<double>& b) {
    EXPECT_NEAR(EstimateOf(a).mean, EstimateOf(b).mean, kErrors * std::hypot(EstimateOf(a).error, EstimateOf(b).error));
  };
  expect(ours.raw, whole);
  ASSERT_EQ(ours.trials.size(), 10u);
  for (const size_t k : {0u, 4u, 9u}) expect(ours.trials[k], theirs[k]);
}

// Mean rewards have mean 1 whatever is done by chance: 100 of 100 steps.
TEST(TabularRules, ChanceAndKnowledgeGetTheirFigures) {
  const env::EnvironmentSpec spec = *env::FindSpec(kTask);
  const Estimate random = EstimateOf(Play("random", kTask, {}, 4000).raw);
  EXPECT_NEAR(random.mean, 100, kErrors * random.error);
  EXPECT_EQ(*spec.random_return, 100);
  const Estimate oracle = EstimateOf(Play("oracle", kTask, {}, 2000).raw);
  EXPECT_NEAR(oracle.mean, spec.oracle_return, kErrors * oracle.error);
  Generator generator(9);
  std::vector<double> values;
  std::vector<std::vector<int>> choice;
  for (int i = 0; i < 2000; ++i) values.push_back(10 * Solve(DrawMdp(generator), choice));
  EXPECT_NEAR(EstimateOf(values).mean, spec.oracle_return, kErrors * EstimateOf(values).error);
}

// Posterior means with a bonus over ten trials, planned anew in each step.
double BayesUcb(Generator& generator) {
  const Mdp truth = DrawMdp(generator);
  Experience seen;
  double total = 0;
  size_t state = 0;
  for (int t = 0; t < 100; ++t) {
    const int place = t % kSteps;
    if (place == 0) state = 0;
    Mdp believed;
    for (size_t s = 0; s < kStates; ++s) {
      for (size_t a = 0; a < kActions; ++a) {
        believed.mean[s][a] = (1 + seen.sum[s][a]) / (1 + seen.count[s][a]) +
                              0.15 * std::sqrt(std::max(0, 90 - t)) / std::sqrt(1 + seen.count[s][a]);
        const std::vector<double>& next = seen.next[s][a];
        const double times = std::accumulate(next.begin(), next.end(), 0.0);
        for (size_t k = 0; k < kStates; ++k) believed.next[s][a][k] = next[k] / times;
      }
    }
    std::vector<std::vector<int>> choice;
    Solve(believed, choice);
    const auto action = static_cast<size_t>(choice[static_cast<size_t>(kSteps - place)][state]);
    total += seen.Learn(truth, state, action, place + 1 < kSteps, generator);
  }
  return total;
}

TEST(TabularRules, BayesUcbAgreesWithAnIndependentSimulation) {
  constexpr size_t kEpisodes = 300;
  const Estimate ours = EstimateOf(Play("bayes-ucb", kTask, {}, kEpisodes).raw);
  Generator generator(11);
  std::vector<double> theirs;
  for (size_t i = 0; i < kEpisodes; ++i) theirs.push_back(BayesUcb(generator));
  EXPECT_NEAR(ours.mean, EstimateOf(theirs).mean, kErrors * std::hypot(ours.error, EstimateOf(theirs).error));
}

TEST(TabularRules, LearnFromTrialToTrial) {
  for (const char* rule : {"psrl", "optimistic-psrl", "epsilon-greedy", "bayes-ucb"}) {
    const Returns returns = Play(rule, kTask, {}, 400);
    const Estimate first = EstimateOf(returns.trials.front()), last = EstimateOf(returns.trials.back());
    EXPECT_GT(last.mean - kErrors * last.error, first.mean + kErrors * first.error) << rule;
  }
}

TEST(PlanTrial, IsThatOfPlainRecursion) {
  Generator generator(3);
  for (int i = 0; i < 20; ++i) {
    const Mdp mdp = DrawMdp(generator);
    Process process;
    for (size_t pair = 0; pair < env::kTabularPairs; ++pair) {
      process.mean[pair] = mdp.mean[pair / kActions][pair % kActions];
      std::copy_n(mdp.next[pair / kActions][pair % kActions].begin(), kStates, process.next[pair].begin());
    }
    std::vector<std::vector<int>> choice;
    const double value = Solve(mdp, choice);
    const Plan plan = PlanTrial(process);
    EXPECT_NEAR(plan.value, value, 1e-9);
    for (size_t left = 1; left <= kSteps; ++left) {
      for (size_t state = 0; state < kStates; ++state)
        EXPECT_EQ(plan.action[left - 1][state], static_cast<uint32_t>(choice[left][state]));
    }
    // A process beside it that is worse throughout changes nothing, a better one is taken.
    Process processes[2] = {process, process};
    for (double& mean : processes[1].mean) mean -= 1;
    EXPECT_NEAR(PlanTrial(processes, 2).value, value, 1e-9);
    for (double& mean : processes[1].mean) mean += 2;
    EXPECT_NEAR(PlanTrial(processes, 2).value, value + kSteps, 1e-9);
  }
}

}  // namespace
}  // namespace nmn::scripted
