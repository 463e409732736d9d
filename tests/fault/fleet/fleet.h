#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "nmn/v1/learner.grpc.pb.h"
#include "tests/support/subprocess.h"

namespace nmn::fault {

// How long a test waits for what has no limit of its own: only a hang takes longer, also on a machine that is busy.
inline constexpr std::chrono::minutes kPatience(10);

struct FleetOptions {
  int updates = 8;
  double step_cost_us = 0;         // of the environment; does not change results
  double lease_seconds = 1;        // short, so that a hung actor is felt soon
  std::vector<std::string> set{};  // more assignments, "work.max_actors=4"
  std::string directory{};         // of the run; a folder of its own where empty
  int episodes_per_update = 20;
  std::vector<std::string> learner_prefix{};  // words before the learner's command, e.g. of a program that starts it
  std::string certificates{};  // a directory of nmn certs with a folder for each process; empty: as certificates.h says
};

// A learner and its actors, real processes on a run directory of their own, as a test starts and ends them. The learner
// keeps its port through all its lives. Not thread-safe.
class Fleet {
 public:
  explicit Fleet(const FleetOptions& options, std::vector<std::string> learner_flags = {});

  // From the second time on with --resume. Does not wait.
  void StartLearner(std::vector<std::string> environment = {});
  testing::Subprocess& learner() { return *learner_; }
  // Seconds from its start to the line that says that it serves; negative where it ended or `limit` passed before.
  double SecondsToServe(std::chrono::milliseconds limit = kPatience);
  // Whether the learner ended because there was nothing left to do: its predecessor had completed the run.
  bool WasComplete() const;

  // The same name again takes the place of the process that had it. `address`: another way to the learner.
  void StartActor(const std::string& name, const std::string& address = "");
  void StartActors(int count);  // a0, a1 ..
  testing::Subprocess& actor(const std::string& name) { return actors_.at(name); }
  std::map<std::string, testing::Subprocess>& actors() { return actors_; }

  uint16_t port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  const std::string& directory() const { return run_; }

  // Of metrics.jsonl: the newest complete line's, 0 before the first.
  int update() const;
  // Blocks until metrics.jsonl has `update`; false where the learner ends or `limit` passes before.
  bool WaitForUpdate(int update, std::chrono::milliseconds limit = kPatience);
  // Blocks until `condition`, which is asked again and again, holds; false where the learner ends or `limit` passes
  // before.
  bool WaitFor(const std::function<bool()>& condition, std::chrono::milliseconds limit);
  // Over the updates in metrics.jsonl, the greatest value of a field.
  double Greatest(const std::string& field) const;

  // Asks the learner; not set where nobody answers within a second.
  v1::GetStatusResponse Status() const;

  // Lets the run end, ends the actors that did not hear of it, and expects: the learner's code 0, the actors' code 0,
  // and records of each update and episode once (records.h).
  void ExpectComplete(std::chrono::seconds limit = kPatience);
  // That, and the weights of the fault-free run.
  void ExpectWholeRun(std::chrono::seconds limit = kPatience);

 private:
  std::vector<std::string> TlsFlags(const std::string& folder, std::vector<std::string> otherwise) const;

  const FleetOptions options_;
  const std::vector<std::string> learner_flags_;
  testing::TemporaryDirectory folder_;
  const std::string run_;
  const uint16_t port_;
  std::chrono::steady_clock::time_point learner_began_;
  std::unique_ptr<testing::Subprocess> learner_;
  std::map<std::string, testing::Subprocess> actors_;
};

// `weights_sha256` of the run with those options that nothing disturbs: embedded, one actor. Computed once a process.
std::string FaultFreeHash(const FleetOptions& options);

// After which update a learner says on stderr that it goes on; -1 where it began anew.
int RestoredUpdate(const std::string& err);

// A port nobody listens on, below those that the kernel hands out by itself: a client that dials such a port of a dead
// server can be connected to itself.
uint16_t FreePort();

// The same draws everywhere.
inline uint64_t Below(std::mt19937_64& random, uint64_t limit) { return random() % limit; }

// The limit of a promise in seconds. The promises are made for idle cores: the short form shares them with other tests,
// and so does the full one with NMN_FAULT_SHARED=1; then five times as long will do.
double Limit(double seconds);

std::string Seconds(double seconds);  // "1.9 s"
// Expects the weights of the fault-free run.
void ExpectHash(const std::string& hash, const std::string& fault_free);
// "hash equal", or "hash differs" once ExpectHash has found other weights in this process.
std::string HashFigure();

}  // namespace nmn::fault
