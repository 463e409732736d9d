// Whole updates of preset reference, and what a second thread brings.

#include <array>
#include <memory>

#include "absl/strings/str_cat.h"
#include "cli/bench/benchmark.h"
#include "cli/bench/networks.h"
#include "cli/bench/timing.h"
#include "cli/bench/whole_update.h"

namespace nmn::cli::bench {
namespace {

// Of an update of more (b2's and b3's have 2.3 TFLOP) the learner gets a tenth of the 50 episodes, and its time is
// scaled. The rollout is whole.
constexpr double kMostFlop = 1e12;
constexpr uint32_t kFewEpisodes = 5;

struct LearnerPart {
  uint32_t episodes = 0;
  double scale = 1;
};

LearnerPart PartOf(const v1::RunConfig& config) {
  const uint32_t all = config.ppo().episodes_per_update();
  if (UpdateFlop(config) <= kMostFlop) return {all, 1.0};
  return {kFewEpisodes, static_cast<double>(all) / kFewEpisodes};
}

absl::StatusOr<std::unique_ptr<WholeUpdate>> Prepare(const WholeUpdate::Options& options) {
  auto update = WholeUpdate::Create(options);
  if (!update.ok()) return update.status();
  if (absl::Status status = (*update)->FillReplay(); !status.ok()) return status;
  return update;
}

absl::StatusOr<Result> MeasureUpdate(const std::string& name, const std::string& benchmark, const Context& context) {
  const v1::RunConfig config = ReferenceConfig(benchmark);
  const LearnerPart part = PartOf(config);
  const auto ours = Prepare({config, part.episodes, 1, ForwardBy::kOurs});
  if (!ours.ok()) return ours.status();
  const auto twin = Prepare({config, part.episodes, 1, ForwardBy::kLibTorch});
  if (!twin.ok()) return twin.status();
  const std::array<Pass, 4> passes = {[&] { return (*ours)->Rollout(); }, [&] { return (*ours)->Learn(); },
                                      [&] { return (*twin)->Rollout(); }, [&] { return (*twin)->Learn(); }};
  const auto seconds = Interleave(passes, {.least = 1, .budget_seconds = 8});
  if (!seconds.ok()) return seconds.status();
  const double our_seconds = (*seconds)[0] + part.scale * (*seconds)[1];
  const double twin_seconds = (*seconds)[2] + part.scale * (*seconds)[3];

  Result result;
  result.name = name;
  result.value = 1 / our_seconds;
  result.unit = "updates/s";
  result.gflops = UpdateFlop(config) * result.value * 1e-9;
  result.ceiling_fraction = result.gflops / context.ceiling_gflops;
  result.twin_ratio = twin_seconds / our_seconds;
  result.conditions = {{"threads", 1},
                       {"learned_episodes", part.episodes},
                       {"episodes", config.ppo().episodes_per_update()},
                       {"seconds", our_seconds},
                       {"rollout_seconds", (*seconds)[0]}};
  return result;
}

absl::StatusOr<Result> MeasureThreads(const std::string& name, uint32_t threads) {
  const v1::RunConfig config = ReferenceConfig(BenchmarkNames().front());
  const uint32_t episodes = config.ppo().episodes_per_update();
  const auto one = Prepare({config, episodes, 1, ForwardBy::kOurs});
  if (!one.ok()) return one.status();
  const auto many = Prepare({config, episodes, threads, ForwardBy::kOurs});
  if (!many.ok()) return many.status();
  for (const auto* update : {&one, &many}) {
    if (absl::Status status = (**update)->Rollout(); !status.ok()) return status;
  }
  double cpu = 0, wall = 0;  // of the passes with many threads
  const std::array<Pass, 2> passes = {[&] { return (*one)->LearnAndPlayNext(); },
                                      [&] {
                                        cpu -= Now(Clock::kProcess), wall -= Now(Clock::kWall);
                                        absl::Status status = (*many)->LearnAndPlayNext();
                                        cpu += Now(Clock::kProcess), wall += Now(Clock::kWall);
                                        return status;
                                      }};
  const auto seconds = Interleave(passes, {.least = 3, .budget_seconds = 10, .clock = Clock::kWall});
  if (!seconds.ok()) return seconds.status();

  Result result;
  result.name = name;
  result.value = (*seconds)[0] / (*seconds)[1];
  result.unit = "speed-up";
  result.gflops = UpdateFlop(config) / (*seconds)[1] * 1e-9;
  result.threads = static_cast<int>(threads);
  result.at_most = threads;
  result.conditions = {{"threads", threads},
                       {"cores_got", cpu / wall},
                       {"seconds_1", (*seconds)[0]},
                       {absl::StrCat("seconds_", threads), (*seconds)[1]}};
  return result;
}

}  // namespace

void AddUpdate(std::vector<Benchmark>& all) {
  for (const std::string& b : BenchmarkNames()) {
    const std::string name = "update/" + b;
    all.push_back({name, [name, b](const Context& context) { return MeasureUpdate(name, b, context); }});
  }
  const std::string name = "threads/2";
  all.push_back({name, [name](const Context&) { return MeasureThreads(name, 2); }});
}

}  // namespace nmn::cli::bench
