// Row 24: seeded random pairs of the other rows' faults for half an hour. One learner lives through all of it, so that
// its memory can be watched; beside it one whole run after another has its learner killed and stopped as well.

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <functional>
#include <set>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "tests/fault/fleet/fleet.h"
#include "tests/fault/fleet/mount.h"
#include "tests/fault/fleet/records.h"
#include "tests/fault/proxy/fault_proxy.h"
#include "tests/fault/row.h"
#include "tests/integration/tiny_run.h"

namespace nmn::fault {
namespace {

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr uint64_t kSeed = 24;
constexpr int kActors = 3;  // the first talks to the learner itself, the others through the proxy
constexpr uint64_t kDiskBytes = 256 << 20;
constexpr int kInterrupted = 75;
// To stop in.
std::chrono::seconds Grace() { return std::chrono::seconds(static_cast<int>(Limit(20))); }

uint64_t ResidentBytes(int pid) {
  std::istringstream lines(testing::ReadFile("/proc/" + std::to_string(pid) + "/status"));
  const std::string key = "VmRSS:";
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind(key, 0) == 0) return std::stoull(line.substr(key.size())) << 10;
  }
  return 0;
}

// A fleet on a small disk, with a bad network between it and some of its actors.
class Site {
 public:
  explicit Site(int updates, double step_cost_us) : disk_(MakeDisk()), fleet_(Options(updates, step_cost_us)) {
    proxy_ = *FaultProxy::Start(0, fleet_.port(), kSeed);
    fleet_.StartLearner();
    for (int i = 0; i < kActors; ++i) StartActor(i);
    EXPECT_GE(fleet_.SecondsToServe(), 0) << fleet_.learner().err();
  }

  Fleet& fleet() { return fleet_; }
  FaultProxy& proxy() { return *proxy_; }
  SmallDisk* disk() { return disk_.get(); }  // null where nothing can be mounted
  testing::Subprocess& actor(int i) { return fleet_.actor(Name(i)); }
  void StartActor(int i) {
    leaving_.erase(i);
    fleet_.StartActor(Name(i), i == 0 ? "" : proxy_->address());
  }
  void TellActorToLeave(int i) {
    // Before its first line a process that is being loaded ends as any does.
    if (actor(i).err().empty()) return;
    actor(i).Signal(SIGTERM);
    leaving_.insert(i);
  }
  void TellLearnerToStop() {
    if (!fleet_.learner().running() || fleet_.learner().err().find("serving on") == std::string::npos) return;
    fleet_.learner().Signal(SIGTERM);
    stopping_ = true;
  }

  // After faults: everybody lives again. A learner may have ended with its budget, by a signal, or because it could not
  // save; an actor because it was told to leave, or that the run is complete. Whether the run is complete.
  bool Recover() {
    EXPECT_TRUE(!stopping_ || fleet_.learner().EndsWithin(Grace())) << fleet_.learner().err();
    stopping_ = false;
    if (!fleet_.learner().running()) {
      const int code = fleet_.learner().Wait();
      if (code == 0) return true;
      // It may have met a disk fault that is over by now, and lingered for its actors.
      const bool not_saved = fleet_.learner().err().find("the end of the run could not be saved") != std::string::npos;
      EXPECT_TRUE(code == kInterrupted || code == 128 + SIGKILL || (code == 1 && not_saved))
          << code << ": " << fleet_.learner().err();
      fleet_.StartLearner();
      if (fleet_.SecondsToServe() < 0) {
        EXPECT_TRUE(fleet_.WasComplete()) << fleet_.learner().err();
        return true;
      }
    }
    for (int i = 0; i < kActors; ++i) {
      EXPECT_TRUE(!leaving_.contains(i) || actor(i).EndsWithin(Grace())) << actor(i).err();
      if (actor(i).running()) continue;
      EXPECT_EQ(actor(i).Wait(), 0) << actor(i).err();
      StartActor(i);
    }
    leaving_.clear();
    return false;
  }

 private:
  static std::string Name(int i) { return "a" + std::to_string(i); }
  std::unique_ptr<SmallDisk> MakeDisk() {
    return SmallDisk::WhyNot().empty() ? std::make_unique<SmallDisk>(folder_.path() + "/disk", kDiskBytes) : nullptr;
  }
  FleetOptions Options(int updates, double step_cost_us) {
    FleetOptions options{.updates = updates, .step_cost_us = step_cost_us};
    if (disk_ != nullptr) options.directory = disk_->path() + "/run";
    return options;
  }

  testing::TemporaryDirectory folder_;
  std::unique_ptr<SmallDisk> disk_;
  Fleet fleet_;
  std::unique_ptr<FaultProxy> proxy_;
  bool stopping_ = false;  // the learner was told to
  std::set<int> leaving_;  // actors that were told to
};

struct Fault {
  std::string name;
  bool ends_learner = false;
  bool of_disk = false;
  bool ends_first = false;  // a stopped process does nothing else before it is continued
  std::function<void(Site&, int victim)> begin;
  std::function<void(Site&, int victim)> end = [](Site&, int) {};
};

Fault Network(const std::string& name, const Faults& faults) {
  return {.name = name,
          .begin = [faults](Site& site, int) { site.proxy().Set(faults); },
          .end = [](Site& site, int) { site.proxy().Set({}); }};
}

std::vector<Fault> AllFaults() {
  Faults parted, deaf, mute, slow, corrupt;
  parted.up.hold = parted.down.hold = true;
  deaf.down.hold = true;
  mute.up.hold = true;
  slow.up = {.delay = milliseconds(75), .jitter = milliseconds(50), .bytes_per_second = 1'000'000};
  slow.down = slow.up;
  corrupt.up = {.corrupt = 0.05, .corrupt_from = 4000};
  corrupt.down = corrupt.up;
  std::vector<Fault> faults = {
      {.name = "actor killed",
       .begin =
           [](Site& site, int victim) {
             site.actor(victim).Signal(SIGKILL);
             site.StartActor(victim);
           }},
      {.name = "actor stopped",
       .ends_first = true,
       .begin = [](Site& site, int victim) { site.actor(victim).Signal(SIGSTOP); },
       .end = [](Site& site, int victim) { site.actor(victim).Signal(SIGCONT); }},
      {.name = "actor told to leave", .begin = [](Site& site, int victim) { site.TellActorToLeave(victim); }},
      Network("partition", parted),
      Network("partition, down", deaf),
      Network("partition, up", mute),
      Network("slow network", slow),
      Network("corrupting network", corrupt),
      {.name = "connections dropped", .begin = [](Site& site, int) { site.proxy().DropConnections(0.7); }},
      {.name = "learner stopped",
       .ends_first = true,
       .begin = [](Site& site, int) { site.fleet().learner().Signal(SIGSTOP); },
       .end = [](Site& site, int) { site.fleet().learner().Signal(SIGCONT); }},
      {.name = "learner killed",
       .ends_learner = true,
       .begin =
           [](Site& site, int) {
             site.fleet().learner().Signal(SIGKILL);
             site.fleet().learner().EndsWithin(Grace());
           }},
      {.name = "learner told to stop",
       .ends_learner = true,
       .begin = [](Site& site, int) { site.TellLearnerToStop(); }},
  };
  if (SmallDisk::WhyNot().empty()) {
    faults.push_back({.name = "full disk",
                      .of_disk = true,
                      .begin = [](Site& site, int) { site.disk()->Fill(); },
                      .end = [](Site& site, int) { site.disk()->Free(); }});
    faults.push_back({.name = "read-only disk",
                      .of_disk = true,
                      .begin = [](Site& site, int) { site.disk()->MakeReadOnly(); },
                      .end = [](Site& site, int) { site.disk()->MakeWritable(); }});
  }
  return faults;
}

// Two faults at once on one site.
struct Pair {
  const Fault* faults[2];
  int victims[2];
  std::string Describe() const {
    return absl::StrCat(faults[0]->name, " (a", victims[0], ") with ", faults[1]->name, " (a", victims[1], ")");
  }
  void Begin(Site& site) const {
    for (int i = 0; i < 2; ++i) faults[i]->begin(site, victims[i]);
  }
  void End(Site& site) const {
    for (const bool first : {true, false}) {
      for (int i = 0; i < 2; ++i) {
        if (faults[i]->ends_first == first) faults[i]->end(site, victims[i]);
      }
    }
  }
};

Pair Draw(const std::vector<Fault>& faults, bool learner_may_end, std::mt19937_64& random) {
  while (true) {
    const Pair pair{{&faults[Below(random, faults.size())], &faults[Below(random, faults.size())]},
                    {static_cast<int>(Below(random, kActors)), static_cast<int>(Below(random, kActors))}};
    const bool both_of_disk = pair.faults[0]->of_disk && pair.faults[1]->of_disk;
    const bool ends = pair.faults[0]->ends_learner || pair.faults[1]->ends_learner;
    if (pair.faults[0] != pair.faults[1] && !both_of_disk && (learner_may_end || !ends)) return pair;
  }
}

// Stops the run where it is: the weights are those of a fault-free run of as many updates. How many those were.
int ExpectWholeSoFar(Site& site, const FleetOptions& fault_free) {
  Fleet& fleet = site.fleet();
  fleet.learner().Signal(SIGTERM);
  EXPECT_EQ(fleet.learner().Wait(Grace()), kInterrupted) << fleet.learner().err();
  for (int i = 0; i < kActors; ++i) site.actor(i).Signal(SIGTERM);
  for (int i = 0; i < kActors; ++i) EXPECT_EQ(site.actor(i).Wait(Grace()), 0) << site.actor(i).err();
  const int updates = testing::ReadSummary(fleet.directory())["updates"].get<int>();
  FleetOptions options = fault_free;
  options.updates = updates;
  ExpectHash(testing::WeightsHash(fleet.directory()), FaultFreeHash(options));
  ExpectRecords(fleet.directory(), updates);
  return updates;
}

std::string MebiBytes(uint64_t bytes) { return absl::StrCat(bytes >> 20, " MiB"); }

TEST(Row24, RandomPairsOfFaultsBreakNoPromiseAndMemoryIsFlat) {
  const auto length = std::chrono::seconds(Count(8, 1800));
  const auto settled = std::chrono::seconds(Count(2, 300));
  constexpr double kStepCost = 200;
  constexpr int kNeverReached = 1'000'000;
  const std::vector<Fault> faults = AllFaults();
  std::mt19937_64 random(kSeed);
  Site lasting(kNeverReached, kStepCost);
  std::unique_ptr<Site> whole;
  const auto start = Clock::now();
  uint64_t pairs = 0, whole_runs = 0, whole_updates = 0, settled_bytes = 0;
  while (Clock::now() - start < length && !HasFailure()) {
    const int updates = 10 + static_cast<int>(Below(random, 60));
    if (whole == nullptr) {
      whole = std::make_unique<Site>(updates, kStepCost / 4);
      whole_updates += static_cast<uint64_t>(updates);
    }
    const Pair pair = Draw(faults, false, random);
    const Pair other = Draw(faults, true, random);
    SCOPED_TRACE(absl::StrCat("pair ", pairs, " of seed ", kSeed, ": ", pair.Describe(), "; ", other.Describe()));
    pair.Begin(lasting);
    other.Begin(*whole);
    // Now and then longer than keepalive and leases last.
    const uint64_t longest = Full() && Below(random, 20) == 0 ? 20'000 : 1'500;
    lasting.fleet().learner().EndsWithin(milliseconds(100 + Below(random, longest)));
    pair.End(lasting);
    other.End(*whole);
    pairs += 2;
    EXPECT_FALSE(lasting.Recover());
    const bool complete = whole->Recover();
    const uint32_t before = lasting.fleet().Status().update();
    EXPECT_TRUE(lasting.fleet().WaitFor([&] { return lasting.fleet().Status().update() > before + 1; }, kPatience))
        << lasting.fleet().learner().err();
    if (settled_bytes == 0 && Clock::now() - start >= settled)
      settled_bytes = ResidentBytes(lasting.fleet().learner().pid());
    if (!complete) continue;
    whole->fleet().ExpectWholeRun();
    whole.reset();
    ++whole_runs;
  }
  if (whole != nullptr) {
    whole->fleet().ExpectWholeRun();
    ++whole_runs;
  }
  const uint64_t end_bytes = ResidentBytes(lasting.fleet().learner().pid());
  const auto took = std::chrono::duration_cast<std::chrono::seconds>(Clock::now() - start);
  const int updates = ExpectWholeSoFar(lasting, {.step_cost_us = kStepCost});
  constexpr uint64_t kSlack = 16 << 20;  // of an allocator's free lists
  if (kMemoryIsGivenBack) {
    EXPECT_LE(end_bytes, settled_bytes + settled_bytes / 10 + kSlack);
  }
  PrintFigure("24", absl::StrCat(took.count(), " s, ", pairs, " pairs of faults, ", updates, " updates, ",
                                 MebiBytes(settled_bytes), " after ", settled.count() / 60.0, " minutes, ",
                                 MebiBytes(end_bytes), " at the end, ", HashFigure(), "; beside that one learner ",
                                 whole_runs, " whole runs of ", whole_updates,
                                 " updates, one after another, whose learners were killed and stopped too",
                                 SmallDisk::WhyNot().empty() ? "" : "; WITHOUT faults of the disk, which need root"));
}

}  // namespace
}  // namespace nmn::fault
