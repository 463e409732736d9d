// Row 18: processes of another version. What was added is passed over; what cannot work is refused, both versions
// named.

#include <gmock/gmock.h>

#include <cstdlib>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "common/build/build.h"
#include "tests/fault/fleet/fleet.h"
#include "tests/fault/fleet/middleman.h"
#include "tests/fault/fleet/wire.h"
#include "tests/fault/row.h"

namespace nmn::fault {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kBaseline[] = "proto/wire_baseline.txt";
constexpr char kRewrite[] = "NMN_REWRITE_BASELINE=1 build/release/tests/fault_fleet_rows --gtest_filter=Row18.TheWire*";

TEST(Row18, TheWireKeepsItsNumbersAndTypes) {
  const Baseline baseline = FromText(testing::ReadFile(kBaseline));
  const Wire present = PresentWire();
  const std::vector<std::string> broken = Broken(baseline.wire, present);
  // Where they differ, old and new processes refuse each other, and anything may change.
  const bool may_break = baseline.protocol != build::kProtocol;
  if (!may_break) {
    EXPECT_THAT(broken, IsEmpty()) << "older processes cannot read this; keep the fields, or raise build::kProtocol";
  }
  if (std::getenv("NMN_REWRITE_BASELINE") != nullptr && (broken.empty() || may_break)) {
    testing::WriteFile(kBaseline, ToText(build::kProtocol, present));
    return;
  }
  EXPECT_EQ(baseline.protocol, build::kProtocol) << "now run: " << kRewrite;
  EXPECT_THAT(Added(baseline.wire, present), IsEmpty()) << "new on the wire; if it is meant, run: " << kRewrite;
  PrintFigure("18", absl::StrCat(baseline.wire.size(), " fields, values and rpcs as the baseline has them, ",
                                 broken.size(), " broken"));
}

TEST(Row18, AChangedNumberOrTypeBreaksAndANewFieldAdds) {
  const std::string kept = "field nmn.v1.Hello 1 string run_id";
  const Wire before = {kept, "field nmn.v1.Hello 2 uint32 generation"};
  EXPECT_THAT(Broken(before, before), IsEmpty());
  EXPECT_EQ(Broken(before, {kept, "field nmn.v1.Hello 3 uint32 generation"}).size(), 1u);
  EXPECT_EQ(Broken(before, {kept, "field nmn.v1.Hello 2 uint64 generation"}).size(), 1u);
  EXPECT_EQ(Broken(before, {kept}).size(), 1u);
  Wire after = before;
  after.insert("field nmn.v1.Hello 9 bytes token");
  EXPECT_THAT(Broken(before, after), IsEmpty());
  EXPECT_EQ(Added(before, after).size(), 1u);
  EXPECT_EQ(FromText(ToText(3, before)).wire, before);
  EXPECT_EQ(FromText(ToText(3, before)).protocol, 3u);
}

// Fields of numbers that no message has, here and in every message inside. Not in the config: its hash speaks of what
// its sender knows.
void AddUnknownFields(Message& message) {
  if (message.GetDescriptor() == v1::RunConfig::descriptor()) return;
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  reflection.MutableUnknownFields(&message)->AddVarint(1000, 18);
  reflection.MutableUnknownFields(&message)->AddLengthDelimited(1001, "of a later version");
  reflection.MutableUnknownFields(&message)->AddFixed64(1002, 18);
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || field->is_map()) continue;
    if (!field->is_repeated()) AddUnknownFields(*reflection.MutableMessage(&message, field));
    for (int i = 0; field->is_repeated() && i < reflection.FieldSize(message, field); ++i)
      AddUnknownFields(*reflection.MutableRepeatedMessage(&message, field, i));
  }
}

// What an actor says that knows nothing but what it must.
void ForgetWhatMayBeMissing(Message& message) {
  if (auto* request = dynamic_cast<v1::RegisterRequest*>(&message)) request->clear_lanes();
  if (auto* up = dynamic_cast<v1::ActorMessage*>(&message); up != nullptr && up->has_heartbeat())
    up->mutable_heartbeat()->Clear();
}

TEST(Row18, NewerAndOlderActorsAndLearnersWorkTogether) {
  Fleet fleet({.updates = 8});
  fleet.StartLearner();
  ASSERT_GE(fleet.SecondsToServe(), 0) << fleet.learner().err();
  Middleman newer(fleet.port(), AddUnknownFields);
  Middleman older(fleet.port(), ForgetWhatMayBeMissing);
  fleet.StartActor("newer", newer.address());
  fleet.StartActor("older", older.address());
  fleet.ExpectWholeRun();
  PrintFigure("18", absl::StrCat("unknown fields in every message both ways, missing ones in an older actor's: ",
                                 HashFigure()));
}

using ChangeBuild = std::function<void(v1::BuildInfo&)>;

// Starts an actor that says it is another build; returns how it ended.
testing::Outcome ActorOfAnotherBuild(Fleet& fleet, const ChangeBuild& change) {
  Middleman middleman(fleet.port(), [&](Message& message) {
    if (auto* request = dynamic_cast<v1::RegisterRequest*>(&message)) change(*request->mutable_build());
  });
  return testing::RunProcess({testing::Binary("nmn-actor"), "--actor_id=other", "--learner=" + middleman.address()});
}

TEST(Row18, WhatCannotWorkTogetherIsRefusedAndBothSidesAreNamed) {
  Fleet fleet({.updates = 4});
  fleet.StartLearner();
  ASSERT_GE(fleet.SecondsToServe(), 0) << fleet.learner().err();
  const v1::BuildInfo learner = fleet.Status().build();
  const testing::Outcome protocol = ActorOfAnotherBuild(fleet, [](v1::BuildInfo& build) {
    build.set_version("9.9.9");
    build.set_protocol(99);
  });
  EXPECT_EQ(protocol.code, 42);
  EXPECT_THAT(protocol.err, HasSubstr(absl::StrCat("the learner (", learner.version(), ") speaks protocol ",
                                                   learner.protocol(), ", the actor (9.9.9) speaks 99")));
  const testing::Outcome commit =
      ActorOfAnotherBuild(fleet, [](v1::BuildInfo& build) { build.set_commit("of another build"); });
  EXPECT_EQ(commit.code, 42);
  EXPECT_THAT(commit.err, HasSubstr(absl::StrCat("(commit ", learner.commit())));
  EXPECT_THAT(commit.err, HasSubstr("(commit of another build"));
  EXPECT_THAT(commit.err, HasSubstr("--allow_mixed"));
  const testing::Outcome rounding =
      ActorOfAnotherBuild(fleet, [](v1::BuildInfo& build) { build.set_rounding_class("decimal"); });
  EXPECT_EQ(rounding.code, 42);
  EXPECT_THAT(rounding.err, HasSubstr(", decimal)"));
  fleet.StartActors(1);
  fleet.ExpectWholeRun();
  PrintFigure("18",
              absl::StrCat("another protocol, build and rounding class refused, both sides named; ", HashFigure()));
}

TEST(Row18, WithAllowMixedAnotherBuildMayPlayAndAnotherProtocolStillMayNot) {
  Fleet fleet({.updates = 4}, {"--allow_mixed"});
  fleet.StartLearner();
  ASSERT_GE(fleet.SecondsToServe(), 0) << fleet.learner().err();
  EXPECT_EQ(ActorOfAnotherBuild(fleet, [](v1::BuildInfo& build) { build.set_protocol(99); }).code, 42);
  Middleman mixed(fleet.port(), [](Message& message) {
    if (auto* request = dynamic_cast<v1::RegisterRequest*>(&message)) {
      request->mutable_build()->set_commit("of another build");
      request->mutable_build()->set_rounding_class("decimal");
    }
  });
  fleet.StartActor("mixed", mixed.address());
  fleet.ExpectWholeRun();
  PrintFigure("18", absl::StrCat("with --allow_mixed another build plays: ", HashFigure()));
}

}  // namespace
}  // namespace nmn::fault
