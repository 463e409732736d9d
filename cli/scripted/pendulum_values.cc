#include "cli/scripted/pendulum_values.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace nmn::scripted {
namespace {

constexpr double kTurn = 2 * std::numbers::pi;
constexpr size_t kTorques = 9;       // that the iteration tries
constexpr size_t kFineTorques = 41;  // that a look ahead tries

using State = PendulumValues::State;

State Next(const env::PendulumForces& forces, const State& at, double torque) {
  const double acceleration = forces.turning * std::sin(at.angle) + forces.pushing * torque;
  const double speed =
      std::clamp<double>(at.speed + env::kPendulumStep * acceleration, -env::kPendulumSpeed, env::kPendulumSpeed);
  return {at.angle + env::kPendulumStep * speed, speed};
}

double Reward(const State& reached) { return (1 + std::cos(reached.angle)) / 2; }

double Torque(size_t index, size_t count) {
  return env::kPendulumTorque * (2.0 * static_cast<double>(index) / static_cast<double>(count - 1) - 1);
}

// The four points around a state and what each weighs.
struct Corners {
  std::array<uint32_t, 4> at;
  std::array<float, 4> weight;
};
Corners CornersOf(const State& state) {
  const double turns = state.angle / kTurn + 0.5;
  const double column = (turns - std::floor(turns)) * PendulumValues::kAngles;
  const double row = (state.speed / env::kPendulumSpeed + 1) / 2 * (PendulumValues::kSpeeds - 1);
  const auto a = std::min(static_cast<size_t>(column), PendulumValues::kAngles - 1);
  const auto s = std::min(static_cast<size_t>(std::max(row, 0.0)), PendulumValues::kSpeeds - 2);
  const size_t next = (a + 1) % PendulumValues::kAngles;
  const double x = column - static_cast<double>(a), y = row - static_cast<double>(s);
  const auto at = [](size_t angle, size_t speed) {
    return static_cast<uint32_t>(angle * PendulumValues::kSpeeds + speed);
  };
  return {{at(a, s), at(a, s + 1), at(next, s), at(next, s + 1)},
          {static_cast<float>((1 - x) * (1 - y)), static_cast<float>((1 - x) * y), static_cast<float>(x * (1 - y)),
           static_cast<float>(x * y)}};
}

float Interpolated(const float* values, const Corners& corners) {
  float sum = 0;
  for (size_t i = 0; i < 4; ++i) sum += corners.weight[i] * values[corners.at[i]];
  return sum;
}

float SizeOf(size_t index) {
  return env::kPendulumLeast +
         (env::kPendulumMost - env::kPendulumLeast) * static_cast<float>(index) / (PendulumValues::kSizes - 1);
}

constexpr size_t kStates = PendulumValues::kAngles * PendulumValues::kSpeeds;

// One table, `values` [angle, speed]: from nothing left to all the steps of an episode.
void Iterate(const env::PendulumForces& forces, float* values) {
  std::vector<Corners> reached(kStates * kTorques);
  std::vector<float> reward(reached.size()), next(kStates);
  for (size_t a = 0; a < PendulumValues::kAngles; ++a) {
    for (size_t s = 0; s < PendulumValues::kSpeeds; ++s) {
      const State state = {kTurn * (static_cast<double>(a) / PendulumValues::kAngles - 0.5),
                           env::kPendulumSpeed * (2.0 * static_cast<double>(s) / (PendulumValues::kSpeeds - 1) - 1)};
      for (size_t i = 0; i < kTorques; ++i) {
        const State after = Next(forces, state, Torque(i, kTorques));
        const size_t index = (a * PendulumValues::kSpeeds + s) * kTorques + i;
        reached[index] = CornersOf(after);
        reward[index] = static_cast<float>(Reward(after));
      }
    }
  }
  std::fill_n(values, kStates, 0.0f);
  for (size_t step = 0; step < PendulumValues::kSteps; ++step) {
    for (size_t state = 0; state < kStates; ++state) {
      float best = -1;
      for (size_t i = state * kTorques; i < (state + 1) * kTorques; ++i)
        best = std::max(best, reward[i] + Interpolated(values, reached[i]));
      next[state] = best;
    }
    std::copy(next.begin(), next.end(), values);
  }
}

}  // namespace

const PendulumValues& PendulumValues::Get() {
  static const auto& values = *new PendulumValues;
  return values;
}

PendulumValues::PendulumValues() : values_(2 * kSizes * kSizes * kStates) {
  float* table = values_.data();
  for (const float gravity : {1.0f, -1.0f}) {
    for (size_t mass = 0; mass < kSizes; ++mass) {
      for (size_t length = 0; length < kSizes; ++length, table += kStates)
        Iterate(env::ForcesOf({SizeOf(mass), SizeOf(length), gravity}), table);
    }
  }
}

std::array<PendulumValues::Weighed, 4> PendulumValues::Around(const env::PendulumTask& task) const {
  const auto place = [](float size) {
    const float at = (size - env::kPendulumLeast) / (env::kPendulumMost - env::kPendulumLeast) * (kSizes - 1);
    return std::clamp<float>(at, 0, kSizes - 1);
  };
  const float m = place(task.mass), l = place(task.length);
  const size_t first_m = std::min<size_t>(static_cast<size_t>(m), kSizes - 2);
  const size_t first_l = std::min<size_t>(static_cast<size_t>(l), kSizes - 2);
  const float x = m - static_cast<float>(first_m), y = l - static_cast<float>(first_l);
  std::array<Weighed, 4> tables;
  for (size_t i = 0; i < 4; ++i) {
    const size_t table = ((task.gravity > 0 ? 0 : 1) * kSizes + first_m + i / 2) * kSizes + first_l + i % 2;
    tables[i] = {&values_[table * kStates], (i / 2 == 0 ? 1 - x : x) * (i % 2 == 0 ? 1 - y : y)};
  }
  return tables;
}

double PendulumValues::Value(const env::PendulumTask& task, const State& state) const {
  const Corners corners = CornersOf(state);
  double value = 0;
  for (const Weighed& table : Around(task)) value += table.weight * Interpolated(table.values, corners);
  return value;
}

float PendulumValues::BestTorque(const env::PendulumTask& task, const State& state) const {
  const std::array<Weighed, 4> tables = Around(task);
  const env::PendulumForces forces = env::ForcesOf(task);
  double best = -1, torque = 0;
  for (size_t i = 0; i < kFineTorques; ++i) {
    const State after = Next(forces, state, Torque(i, kFineTorques));
    const Corners corners = CornersOf(after);
    double value = Reward(after);
    for (const Weighed& table : tables) value += table.weight * Interpolated(table.values, corners);
    if (value <= best) continue;
    best = value;
    torque = Torque(i, kFineTorques);
  }
  return static_cast<float>(torque);
}

}  // namespace nmn::scripted
