#include "cli/reproduce/estimate.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "cli/progress.h"
#include "cli/report/run.h"
#include "cli/sweep/run_state.h"
#include "common/text/counted.h"

namespace nmn::reproduce {
namespace {

// The start of a process is then a small part of its time.
constexpr uint32_t kInEarnest = 20;

// Means of what is added.
class Means {
 public:
  void Add(const std::string& kind, double rate) {
    std::pair<double, size_t>& sum = sums_[kind];
    sum.first += rate;
    ++sum.second;
  }
  Rates Get() const {
    Rates rates;
    for (const auto& [kind, sum] : sums_) rates[kind] = sum.first / static_cast<double>(sum.second);
    return rates;
  }

 private:
  std::map<std::string, std::pair<double, size_t>> sums_;
};

}  // namespace

std::string KindOf(const sweep::SweepRun& run) { return run.name.substr(0, run.name.rfind("-s")); }

Rates KnownRates(const sweep::SweepDirectory& sweep) {
  const std::vector<sweep::RunState> states = sweep::ReadStates(sweep);
  Means means;
  for (size_t i = 0; i < states.size(); ++i) {
    if (states[i].update >= kInEarnest && states[i].seconds > 0)
      means.Add(KindOf(sweep.runs[i]), states[i].seconds / states[i].update);
  }
  return means.Get();
}

Rates ProbedRates(const sweep::SweepDirectory& probe) {
  Means means;
  for (const sweep::SweepRun& run : probe.runs) {
    const absl::StatusOr<report::Run> read = report::ReadRun(probe.RunPath(run));
    if (!read.ok() || read->updates.size() < 2) continue;
    const report::UpdateRow &first = read->updates.front(), &last = read->updates.back();
    if (last.wall_seconds > first.wall_seconds)
      means.Add(KindOf(run), (last.wall_seconds - first.wall_seconds) / (last.update - first.update));
  }
  return means.Get();
}

std::vector<Work> WorkLeft(const sweep::SweepDirectory& sweep, const Rates& rates) {
  const std::vector<sweep::RunState> states = sweep::ReadStates(sweep);
  std::vector<Work> work;
  for (size_t i = 0; i < states.size(); ++i) {
    if (!sweep.runs[i].chosen || states[i].state == sweep::State::kDone) continue;
    const std::string kind = KindOf(sweep.runs[i]);
    auto found = std::find_if(work.begin(), work.end(), [&](const Work& known) { return known.kind == kind; });
    if (found == work.end()) {
      const auto rate = rates.find(kind);
      work.push_back({kind, 0, 0, 0, rate == rates.end() ? 0 : rate->second});
      found = work.end() - 1;
    }
    ++found->runs;
    found->updates += states[i].updates_left();
    found->longest = std::max(found->longest, states[i].updates_left());
  }
  return work;
}

double SecondsOf(const std::vector<Work>& work, size_t jobs) {
  double sum = 0, longest = 0;
  for (const Work& each : work) {
    sum += static_cast<double>(each.updates) * each.seconds_an_update;
    longest = std::max(longest, each.longest * each.seconds_an_update);
  }
  return std::max(longest, sum / static_cast<double>(std::max<size_t>(jobs, 1)));
}

std::string Describe(const std::vector<Work>& work, size_t jobs) {
  std::string text;
  size_t runs = 0;
  for (const Work& each : work) {
    runs += each.runs;
    absl::StrAppendFormat(&text, "  %-12s %4d run%s  %7d update%s at %.3g s\n", each.kind, each.runs,
                          each.runs == 1 ? " " : "s", each.updates, each.updates == 1 ? " " : "s",
                          each.seconds_an_update);
  }
  absl::StrAppendFormat(&text, "%s left, %d at once: about %s\n", text::Counted(runs, "run"), jobs,
                        cli::HumanDuration(SecondsOf(work, jobs)));
  return text;
}

}  // namespace nmn::reproduce
