// Row 14: poison never trains, never ends the learner and costs the others little.

#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "common/net/channel.h"
#include "tests/fault/fleet/certificates.h"
#include "tests/fault/fleet/fleet.h"
#include "tests/fault/fleet/poison_cases.h"
#include "tests/fault/fleet/rate.h"
#include "tests/fault/row.h"

namespace nmn::fault {
namespace {

using service::RawActor;
using std::chrono::milliseconds;

// Another actor each time, or quarantine would answer instead.
class Poisoner {
 public:
  explicit Poisoner(const Fleet& fleet)
      : channel_(net::CreateChannel({"127.0.0.1", fleet.port()}, ActorCredentials("poison-*"))),
        build_(fleet.Status().build()) {}

  RawActor NewActor() { return {channel_, absl::StrCat("poison-", ++actors_), build_}; }

  // Joins, gets units, spoils the last of them, sends it. Nothing where the run ends before.
  std::optional<v1::Acknowledgement> Send(const PoisonedTrajectory& poison) {
    RawActor actor = NewActor();
    actor.Join();
    const v1::Lease lease = actor.Await(v1::LearnerMessage::kLease).lease();
    std::optional<v1::Acknowledgement> answer;
    if (lease.units_size() > 0) {
      v1::Trajectory trajectory = actor.Play(lease.units(lease.units_size() - 1), 1);
      poison.spoil(trajectory);
      answer = actor.Answer(trajectory);
    }
    actor.Kill();
    return answer;
  }

 private:
  std::shared_ptr<grpc::Channel> channel_;
  v1::BuildInfo build_;
  int actors_ = 0;
};

// Counts what was refused as it must be.
struct Tally {
  size_t cases = 0;
  size_t refused = 0;

  void Add(const std::string& name, bool as_it_must_be, const std::string& answer) {
    ++cases;
    refused += as_it_must_be ? 1 : 0;
    EXPECT_TRUE(as_it_must_be) << name << ": " << answer;
  }
};

bool NobodyIsConnected(const Fleet& fleet) {
  const v1::GetStatusResponse status = fleet.Status();
  return !status.run_id().empty() && std::none_of(status.actors().begin(), status.actors().end(),
                                                  [](const v1::ActorStatus& actor) { return actor.connected(); });
}

// A unit that another actor has the lease of.
void DeliverForAnother(Poisoner& poisoner, Tally& tally) {
  RawActor owner = poisoner.NewActor();
  owner.Join();
  const v1::Lease lease = owner.Await(v1::LearnerMessage::kLease).lease();
  ASSERT_GT(lease.units_size(), 0);
  RawActor thief = poisoner.NewActor();
  thief.Join();
  const v1::Acknowledgement answer = thief.Answer(thief.Play(lease.units(0), 1));
  tally.Add("a unit of another actor", answer.reason() == v1::UNKNOWN_UNIT, answer.ShortDebugString());
  thief.Kill();
  owner.Kill();
}

void SendOversize(const Fleet& fleet, Tally& tally) {
  grpc::ChannelArguments arguments = net::ClientArguments();
  arguments.SetMaxSendMessageSize(-1);
  RawActor actor(grpc::CreateCustomChannel(fleet.address(), ActorCredentials("oversize"), arguments), "oversize",
                 fleet.Status().build());
  actor.Join();
  v1::ActorMessage message;
  message.mutable_trajectory()->add_blocks()->mutable_data()->resize(net::kMaxMessageBytes + 1);
  actor.Send(message);
  const grpc::Status end = actor.End();
  tally.Add("a message above the cap", end.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED, end.error_message());
}

// Nobody else is there until all of it has been refused: the weights of a whole run tell if any of it was not.
Tally SendEverything(Fleet& fleet) {
  Tally tally;
  Poisoner poisoner(fleet);
  // All units are free for the next one.
  const auto alone = [&] { return fleet.WaitFor([&] { return NobodyIsConnected(fleet); }, std::chrono::seconds(30)); };
  for (const PoisonedTrajectory& poison : PoisonedTrajectories()) {
    EXPECT_TRUE(alone());
    const std::optional<v1::Acknowledgement> answer = poisoner.Send(poison);
    tally.Add(poison.name, answer && answer->reason() == poison.reason && !answer->detail().empty(),
              answer ? answer->ShortDebugString() : "no lease");
  }
  for (const Breach& breach : Breaches()) {
    RawActor actor = poisoner.NewActor();
    const grpc::Status status = breach.act(actor);
    const auto says = [&](const std::string& words) { return status.error_message().find(words) != std::string::npos; };
    // Over TLS a name that the certificate does not have is refused before anybody asks what it looks like.
    const bool has_no_right = OverTls() && status.error_code() == grpc::StatusCode::PERMISSION_DENIED &&
                              says("may not be actor") &&
                              (breach.says == "actor_id must be" || breach.says == "not registered");
    tally.Add(breach.name, has_no_right || (status.error_code() == breach.code && says(breach.says)),
              absl::StrCat(status.error_code(), " ", status.error_message()));
  }
  EXPECT_TRUE(alone());
  DeliverForAnother(poisoner, tally);
  SendOversize(fleet, tally);
  return tally;
}

// Share of their rate that two actors keep beside one that sends poison ten times a second.
double RateBesidePoison() {
  const FleetOptions options{.updates = 150, .step_cost_us = 60, .lease_seconds = 30};
  const std::vector<PoisonedTrajectory> poisons = PoisonedTrajectories();
  std::vector<double> ratios;
  for (int pair = 0; pair < 5; ++pair) {
    const double alone = Rate(options, 2, [](Fleet&) {});
    const double beside = Rate(options, 2, [&](Fleet& fleet) {
      Poisoner poisoner(fleet);
      for (size_t i = 0; fleet.update() < options.updates && !fleet.learner().EndsWithin(milliseconds(100)); ++i)
        poisoner.Send(poisons[i % poisons.size()]);
    });
    ratios.push_back(beside / alone);
  }
  return Median(ratios);
}

TEST(Row14, PoisonIsRefusedWithItsReasonAndNeverTrains) {
  Fleet fleet({.updates = 6, .lease_seconds = 60});
  fleet.StartLearner();
  ASSERT_GE(fleet.SecondsToServe(), 0) << fleet.learner().err();
  const Tally tally = SendEverything(fleet);
  EXPECT_GE(tally.cases, 40u);
  fleet.StartActors(2);
  fleet.ExpectWholeRun();
  std::string figure =
      absl::StrCat(tally.refused, " of ", tally.cases, " cases refused with their reason, ", HashFigure());
  if (Full()) {
    const double share = RateBesidePoison();
    EXPECT_GE(share, 0.95);
    absl::StrAppend(&figure, ", others at ", static_cast<int>(100 * share + 0.5), " % of their speed");
  }
  PrintFigure("14", figure);
}

}  // namespace
}  // namespace nmn::fault
