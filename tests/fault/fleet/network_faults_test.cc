// Rows 10, 11 and 25: actors behind a network that parts, loses, delays, throttles and corrupts.

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "tests/fault/fleet/fleet.h"
#include "tests/fault/proxy/fault_proxy.h"
#include "tests/fault/row.h"

namespace nmn::fault {
namespace {

using std::chrono::milliseconds;

size_t Occurrences(const std::string& text, const std::string& of) {
  size_t count = 0;
  for (size_t at = text.find(of); at != std::string::npos; at = text.find(of, at + 1)) ++count;
  return count;
}

size_t Connected(const Fleet& fleet) {
  size_t connected = 0;
  const v1::GetStatusResponse status = fleet.Status();
  for (const v1::ActorStatus& actor : status.actors()) connected += actor.connected() ? 1 : 0;
  return connected;
}

double SecondsSince(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

// One actor is cut off both ways, one in each direction alone; nobody else is there, so the run stands still. It is
// long enough for the last actor to come while it goes on, also where the cores are shared.
TEST(Row10, APartitionIsNoticedOnBothSidesAndTheRunGoesOnAfterIt) {
  constexpr int kUpdates = 60;
  Fleet fleet({.updates = kUpdates, .step_cost_us = 40});
  std::vector<std::unique_ptr<FaultProxy>> proxies;
  std::vector<Faults> cuts(3);
  cuts[0].up.hold = cuts[0].down.hold = true;
  cuts[1].up.hold = true;
  cuts[2].down.hold = true;
  fleet.StartLearner();
  for (size_t i = 0; i < cuts.size(); ++i) {
    proxies.push_back(*FaultProxy::Start(0, fleet.port(), 10 + i));
    fleet.StartActor(absl::StrCat("a", i), proxies[i]->address());
  }
  ASSERT_TRUE(fleet.WaitForUpdate(2)) << fleet.learner().err();
  // An actor that has no stream yet would have none to miss.
  ASSERT_TRUE(fleet.WaitFor([&] { return Connected(fleet) == 3; }, std::chrono::seconds(60))) << fleet.learner().err();
  const auto began = std::chrono::steady_clock::now();
  for (size_t i = 0; i < cuts.size(); ++i) proxies[i]->Set(cuts[i]);
  const auto actors_know = [&] {
    for (auto& [name, actor] : fleet.actors()) {
      if (actor.err().find("stream to") == std::string::npos) return false;
    }
    return true;
  };
  EXPECT_TRUE(fleet.WaitFor([&] { return actors_know() && Connected(fleet) == 0; }, std::chrono::seconds(40)));
  const double noticed = SecondsSince(began);
  EXPECT_LE(noticed, 17 + Limit(1));
  if (Full())
    fleet.learner().EndsWithin(std::chrono::seconds(30) -
                               std::chrono::duration_cast<milliseconds>(std::chrono::duration<double>(noticed)));
  const auto healed = std::chrono::steady_clock::now();
  for (const auto& proxy : proxies) proxy->Set({});
  EXPECT_TRUE(
      fleet.WaitFor([&] { return Connected(fleet) == 3 || fleet.update() == kUpdates; }, std::chrono::seconds(40)));
  const double reconnected = SecondsSince(healed);
  EXPECT_LE(reconnected, 10 + Limit(1));
  fleet.ExpectWholeRun();
  PrintFigure("10", absl::StrCat("both sides know after ", Seconds(noticed), ", reconnected ", Seconds(reconnected),
                                 " after its end, ", HashFigure()));
}

TEST(Row11, ABadNetworkSlowsTheRunAndChangesNothing) {
  Fleet fleet({.updates = static_cast<int>(Count(8, 60)), .lease_seconds = 3});
  const auto proxy = *FaultProxy::Start(0, fleet.port(), 11);
  Faults faults;
  faults.up = {.delay = milliseconds(75), .jitter = milliseconds(50), .bytes_per_second = 1'000'000};
  faults.down = faults.up;
  faults.drop = 0.5;
  faults.drop_within = 32 << 10;
  proxy->Set(faults);
  fleet.StartLearner();
  ASSERT_GE(fleet.SecondsToServe(), 0) << fleet.learner().err();
  for (const char* name : {"a0", "a1", "a2"}) fleet.StartActor(name, proxy->address());
  const auto began = std::chrono::steady_clock::now();
  fleet.ExpectWholeRun(std::chrono::seconds(Count(120, 1200)));
  const Counters counters = proxy->counters();
  PrintFigure("11", absl::StrCat(counters.dropped, " of ", counters.accepted, " connections dropped, a run of ",
                                 Seconds(SecondsSince(began)), ", ", HashFigure()));
}

TEST(Row25, CorruptedPayloadsAreNoticedAndFetchedAgain) {
  Fleet fleet({.updates = static_cast<int>(Count(10, 100))});
  const auto proxy = *FaultProxy::Start(0, fleet.port(), 25);
  Faults faults;
  // Blocks of this size are nearly all payload: weights, or numbers of a trajectory.
  faults.up = {.corrupt = 0.1, .corrupt_from = 4000};
  faults.down = {.corrupt = 0.2, .corrupt_from = 4000};
  proxy->Set(faults);
  fleet.StartLearner();
  fleet.StartActor("a0", proxy->address());
  fleet.StartActor("a1", proxy->address());
  fleet.StartActor("a2");  // there is one whom quarantine does not reach
  std::map<std::string, uint64_t> rejects;
  while (!fleet.learner().EndsWithin(milliseconds(50))) {
    const v1::GetStatusResponse status = fleet.Status();
    for (const auto& [reason, count] : status.rejects()) rejects[reason] = count;
  }
  size_t noticed = rejects["DIGEST_MISMATCH"];
  for (auto& [name, actor] : fleet.actors()) noticed += Occurrences(actor.err(), "SHA-256");
  fleet.ExpectWholeRun();
  const Counters counters = proxy->counters();
  EXPECT_GT(counters.corrupted, 0u);
  EXPECT_GT(noticed, 0u);
  PrintFigure("25", absl::StrCat(counters.corrupted, " blocks corrupted, ", noticed,
                                 " caught by a digest, the others by the protocol; ", HashFigure()));
}

}  // namespace
}  // namespace nmn::fault
