#include "tests/unit/common/env/simulation.h"

#include <cmath>
#include <numbers>

namespace nmn::simulation {
namespace {

constexpr double kPi = std::numbers::pi;
constexpr double kGamma = 0.998;

double Between(double low, double high, Generator& generator) {
  return std::uniform_real_distribution<double>(low, high)(generator);
}

double Untrained(Generator& generator) { return std::normal_distribution<double>(0, std::exp(-0.5))(generator); }

struct Place {
  double x;
  double y;
};

double Distance(Place a, Place b) { return std::hypot(a.x - b.x, a.y - b.y); }

Place Anywhere(double range, Generator& generator) {
  const double x = Between(-range, range, generator);
  return {x, Between(-range, range, generator)};
}

Place Appear(const std::vector<Place>& targets, Generator& generator) {
  while (true) {
    const Place place = Anywhere(1.5, generator);
    bool clear = true;
    for (const Place& target : targets) clear = clear && Distance(place, target) > 0.6;
    if (clear) return place;
  }
}

double Around(double coordinate) {
  if (coordinate > 2) return coordinate - 4;
  if (coordinate < -2) return coordinate + 4;
  return coordinate;
}

double AngleOf(double u) {
  const double theta = kPi * u;
  return theta > 0 ? std::fmod(theta, 2 * kPi) : 2 * kPi - std::fmod(-theta, 2 * kPi);
}

// u of a rule on the torus, where `aim` is the displacement that the rule without memory follows.
double TorusAction(Rule rule, Place aim, Generator& generator) {
  switch (rule) {
    case Rule::kRandom:
      return Between(0, 2, generator);
    case Rule::kZero:
      return 0;
    case Rule::kUntrained:
      return Untrained(generator);
    case Rule::kMemoryless:
      return std::atan2(aim.y, aim.x) / kPi;
  }
  return 0;
}

}  // namespace

Episode MovingTarget(Rule rule, bool paper_domain, Generator& generator) {
  Episode episode{.measures = {0}};
  const double alpha = Between(-10, 10, generator);
  double x = 0, p = 0;
  const auto place = [&] {
    if (paper_domain) {
      p = Between(-15, 15, generator);
      x = p + alpha;
    } else {
      x = Between(-5, 5, generator);
      p = x + alpha;
    }
  };
  place();
  double weight = 1;
  for (int t = 0; t < 1400; ++t) {
    double u = 0;
    if (rule == Rule::kRandom) u = Between(-20, 20, generator) / 5;
    if (rule == Rule::kUntrained) u = Untrained(generator);
    if (rule == Rule::kMemoryless) u = x / 5;
    const double a = std::fmin(20, std::fmax(-20, 5 * u));
    const double miss = std::fabs(a - p);
    episode.measures[0] += miss;
    double reward = -miss;
    if (miss < 1) {
      reward = 10;
      place();
    } else if (!paper_domain && reward < -20) {
      reward = -20;
    }
    episode.raw += reward;
    episode.discounted += weight * reward;
    weight *= kGamma;
  }
  return episode;
}

Episode WindyNavigation(Rule rule, double cone, Generator& generator) {
  Episode episode{.measures = {0}};
  const Place target = Anywhere(1, generator);
  const double wind = Between(0, 2 * kPi, generator);
  Place agent = Appear({target}, generator);
  double weight = 1;
  for (int t = 0; t < 4000; ++t) {
    const double theta = AngleOf(TorusAction(rule, {target.x - agent.x, target.y - agent.y}, generator));
    double reward = -2;
    if (Distance(agent, target) <= 0.4) {
      reward = 100;
      episode.measures[0] += 1;
      agent = Appear({target}, generator);
    } else {
      const double gust = wind + Between(-cone, cone, generator);
      agent.x = Around(agent.x + 0.25 * std::cos(theta) + 0.25 * std::cos(gust));
      agent.y = Around(agent.y + 0.25 * std::sin(theta) + 0.25 * std::sin(gust));
    }
    episode.raw += reward;
    episode.discounted += weight * reward;
    weight *= kGamma;
  }
  return episode;
}

// Which target is listed first does not reach any of the four rules.
Episode TwoTargets(Rule rule, Generator& generator) {
  Episode episode{.measures = {0, 0}};
  const Place good = Anywhere(1, generator);
  const Place bad = Anywhere(1, generator);
  Place agent = Appear({good, bad}, generator);
  double weight = 1;
  for (int t = 0; t < 5000; ++t) {
    const double to_good = Distance(agent, good);
    const double to_bad = Distance(agent, bad);
    const Place nearest = to_good < to_bad ? good : bad;
    const double theta = AngleOf(TorusAction(rule, {nearest.x - agent.x, nearest.y - agent.y}, generator));
    double reward = 0;
    if (std::fmin(to_good, to_bad) <= 0.4) {
      reward = to_good < to_bad ? 100 : -50;
      episode.measures[to_good < to_bad ? 0 : 1] += 1;
      agent = Appear({good, bad}, generator);
    } else {
      agent.x = Around(agent.x + 0.25 * std::cos(theta));
      agent.y = Around(agent.y + 0.25 * std::sin(theta));
    }
    episode.raw += reward;
    episode.discounted += weight * reward;
    weight *= kGamma;
  }
  return episode;
}

}  // namespace nmn::simulation
