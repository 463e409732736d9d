#include "tests/fault/fleet/fleet.h"

#include <grpcpp/client_context.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "common/net/address.h"
#include "common/net/channel.h"
#include "tests/fault/fleet/certificates.h"
#include "tests/fault/fleet/records.h"
#include "tests/fault/row.h"
#include "tests/integration/tiny_run.h"

namespace nmn::fault {
namespace {

using testing::Subprocess;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kAskEvery(10);
constexpr double kSharedSlack = 5;

bool hashes_differ = false;

std::vector<std::string> Flags(const FleetOptions& options, double step_cost_us) {
  std::vector<std::string> flags = testing::TinyFlags(options.updates);
  flags.push_back("--seed=7");
  std::vector<std::string> assignments = options.set;
  assignments.push_back("env.step_cost_us=" + std::to_string(step_cost_us));
  assignments.push_back("ppo.episodes_per_update=" + std::to_string(options.episodes_per_update));
  assignments.push_back("work.lease_seconds=" + std::to_string(options.lease_seconds));
  for (const std::string& assignment : assignments) {
    flags.push_back("--set");
    flags.push_back(assignment);
  }
  return flags;
}

std::vector<int> UpdatesIn(const std::string& text) {
  std::vector<int> updates;
  const std::string key = "\"update\":";
  for (size_t at = text.find(key); at != std::string::npos; at = text.find(key, at + 1)) {
    if (text.find('\n', at) != std::string::npos) updates.push_back(std::atoi(text.c_str() + at + key.size()));
  }
  return updates;
}

}  // namespace

uint16_t FreePort() {
  constexpr int kFirst = 20000;
  constexpr int kPorts = 12000;
  static std::mt19937_64 random(static_cast<uint64_t>(getpid()));
  while (true) {
    const auto port = static_cast<uint16_t>(kFirst + Below(random, kPorts));
    if (net::CheckBindable({"127.0.0.1", port}, "port").ok()) return port;
  }
}

double Limit(double seconds) {
  const char* shared = std::getenv("NMN_FAULT_SHARED");
  const bool idle = Full() && (shared == nullptr || std::string_view(shared) != "1");
  return idle ? seconds : kSharedSlack * seconds;
}

std::string Seconds(double seconds) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.1f s", seconds);
  return text;
}

void ExpectHash(const std::string& hash, const std::string& fault_free) {
  EXPECT_EQ(hash, fault_free);
  hashes_differ = hashes_differ || hash != fault_free;
}

std::string HashFigure() { return (hashes_differ ? "hash differs" : "hash equal") + TransportFigure(); }

std::string FaultFreeHash(const FleetOptions& options) {
  static std::map<std::vector<std::string>, std::string> known;
  const std::vector<std::string> flags = Flags(options, 0);
  std::string& hash = known[flags];
  if (hash.empty()) {
    testing::TemporaryDirectory folder;
    std::vector<std::string> command = {testing::Binary("nmn"), "train", "--run_dir=" + folder.path() + "/run",
                                        "--no_figure", "--actors=1"};
    command.insert(command.end(), flags.begin(), flags.end());
    const testing::Outcome outcome = testing::RunProcess(command, 3 * kPatience);
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    hash = testing::WeightsHash(folder.path() + "/run");
  }
  return hash;
}

int RestoredUpdate(const std::string& err) {
  const std::string marks[][2] = {{"resumed ", " after update "}, {"the run in ", " is already complete after "}};
  for (const auto& [begin, before] : marks) {
    const size_t line = err.find(begin);
    const size_t at = line == std::string::npos ? line : err.find(before, line);
    if (at != std::string::npos) return std::atoi(err.c_str() + at + before.size());
  }
  return -1;
}

Fleet::Fleet(const FleetOptions& options, std::vector<std::string> learner_flags)
    : options_(options),
      learner_flags_(std::move(learner_flags)),
      run_(options.directory.empty() ? folder_.path() + "/run" : options.directory),
      port_(FreePort()) {
  std::vector<std::string> print = {testing::Binary("nmn"), "train", "--print_config"};
  const std::vector<std::string> flags = Flags(options, options.step_cost_us);
  print.insert(print.end(), flags.begin(), flags.end());
  const testing::Outcome config = testing::RunProcess(print);
  EXPECT_EQ(config.code, 0) << config.err;
  testing::WriteFile(folder_.path() + "/config.textproto", config.out);
}

std::vector<std::string> Fleet::TlsFlags(const std::string& folder, std::vector<std::string> otherwise) const {
  if (options_.certificates.empty()) return otherwise;
  return {"--tls=" + options_.certificates + "/" + folder};
}

void Fleet::StartLearner(std::vector<std::string> environment) {
  std::vector<std::string> command = options_.learner_prefix;
  command.insert(command.end(), {testing::Binary("nmn-learner"), "--config=" + folder_.path() + "/config.textproto",
                                 "--run_dir=" + run_, "--listen=" + address(), "--threads=1", "--event_log"});
  if (learner_ != nullptr) command.push_back("--resume");
  for (const std::string& flag : TlsFlags("learner-localhost", LearnerTlsFlags())) command.push_back(flag);
  command.insert(command.end(), learner_flags_.begin(), learner_flags_.end());
  learner_.reset();
  learner_began_ = Clock::now();
  learner_ = std::make_unique<Subprocess>(command, std::move(environment));
}

double Fleet::SecondsToServe(std::chrono::milliseconds limit) {
  if (!learner_->WaitForOutput("serving on", limit)) return -1;
  return std::chrono::duration<double>(Clock::now() - learner_began_).count();
}

bool Fleet::WasComplete() const { return RestoredUpdate(learner_->err()) == options_.updates; }

void Fleet::StartActor(const std::string& name, const std::string& address_or_none) {
  actors_.erase(name);
  std::vector<std::string> command = {testing::Binary("nmn-actor"), "--actor_id=" + name,
                                      "--learner=" + (address_or_none.empty() ? address() : address_or_none)};
  for (const std::string& flag : TlsFlags("actor-" + name, ActorTlsFlags(name))) command.push_back(flag);
  actors_.emplace(name, Subprocess(command));
}

void Fleet::StartActors(int count) {
  for (int i = 0; i < count; ++i) StartActor("a" + std::to_string(i));
}

int Fleet::update() const {
  const std::vector<int> updates = UpdatesIn(testing::ReadFile(run_ + "/metrics.jsonl"));
  return updates.empty() ? 0 : updates.back();
}

bool Fleet::WaitFor(const std::function<bool()>& condition, std::chrono::milliseconds limit) {
  const Clock::time_point deadline = Clock::now() + limit;
  while (true) {
    const bool alive = learner_->running();
    if (condition()) return true;
    if (!alive || Clock::now() > deadline) return false;
    learner_->EndsWithin(kAskEvery);
  }
}

bool Fleet::WaitForUpdate(int wanted, std::chrono::milliseconds limit) {
  return WaitFor([&] { return update() >= wanted; }, limit);
}

double Fleet::Greatest(const std::string& field) const {
  double greatest = 0;
  for (const nlohmann::json& metrics : testing::ReadMetrics(run_))
    greatest = std::max(greatest, metrics[field].get<double>());
  return greatest;
}

v1::GetStatusResponse Fleet::Status() const {
  const auto stub = v1::LearnerService::NewStub(net::CreateChannel({"127.0.0.1", port_}, OperatorCredentials()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(1));
  v1::GetStatusResponse response;
  stub->GetStatus(&context, {}, &response);
  return response;
}

void Fleet::ExpectComplete(std::chrono::seconds limit) {
  EXPECT_EQ(learner_->Wait(limit), 0) << learner_->err();
  for (auto& [name, actor] : actors_) {
    if (!actor.EndsWithin(std::chrono::seconds(1))) actor.Signal(SIGTERM);
    EXPECT_EQ(actor.Wait(std::chrono::seconds(static_cast<int>(Limit(20)))), 0) << name << ": " << actor.err();
  }
  ExpectRecords(run_, options_.updates, options_.episodes_per_update);
}

void Fleet::ExpectWholeRun(std::chrono::seconds limit) {
  ExpectComplete(limit);
  ExpectHash(testing::WeightsHash(run_), FaultFreeHash(options_));
}

}  // namespace nmn::fault
