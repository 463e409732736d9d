#include "tests/fault/fleet/poison_cases.h"

#include <cstring>
#include <limits>
#include <utility>

namespace nmn::fault {
namespace {

using service::RawActor;
using Spoil = std::function<void(v1::Trajectory&)>;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr uint32_t kLargest = std::numeric_limits<uint32_t>::max();

// The digest is right, so that nothing but the payload is wrong.
Spoil Value(v1::Field field, float value) {
  return [=](v1::Trajectory& t) {
    std::string& data = *t.mutable_blocks(field - 1)->mutable_data();
    std::memcpy(&data[data.size() / 2 / sizeof(float) * sizeof(float)], &value, sizeof(value));
    t.set_sha256(ingest::PayloadSha256(t));
  };
}

Spoil Blocks(std::function<void(v1::Trajectory&)> change) {
  return [change = std::move(change)](v1::Trajectory& t) {
    change(t);
    t.set_sha256(ingest::PayloadSha256(t));
  };
}

Spoil Shape(v1::Field field, std::vector<uint32_t> shape) {
  return [=](v1::Trajectory& t) { t.mutable_blocks(field - 1)->mutable_shape()->Assign(shape.begin(), shape.end()); };
}

void AddValues(std::vector<PoisonedTrajectory>& cases) {
  const auto add = [&](const char* name, Spoil spoil, v1::RejectReason reason) {
    cases.push_back({name, std::move(spoil), reason});
  };
  add("x is NaN", Value(v1::OBSERVATION, kNan), v1::NOT_FINITE);
  add("u is infinite", Value(v1::RAW_ACTION, kInfinity), v1::NOT_FINITE);
  add("the fed-back action is infinite below", Value(v1::ACTION, -kInfinity), v1::NOT_FINITE);
  add("a reward is NaN", Value(v1::REWARD, kNan), v1::NOT_FINITE);
  add("a mean is NaN", Value(v1::MEAN, -kNan), v1::NOT_FINITE);
  add("a log-variance is infinite", Value(v1::LOG_VARIANCE, kInfinity), v1::NOT_FINITE);
  add("x is beyond the range", Value(v1::OBSERVATION, 2e6f), v1::OUT_OF_RANGE);
  add("the fed-back action is beyond the range", Value(v1::ACTION, -1e30f), v1::OUT_OF_RANGE);
  add("a reward is the largest float", Value(v1::REWARD, std::numeric_limits<float>::max()), v1::OUT_OF_RANGE);
  const auto measure = [&](const char* name, double value) {
    add(name, Blocks([=](auto& t) { t.mutable_measures(0)->set_values(1, value); }), v1::NOT_FINITE);
  };
  measure("a measure is NaN", kNan);
  measure("a measure is infinite", -kInfinity);
}

void AddShapes(std::vector<PoisonedTrajectory>& cases) {
  const auto add = [&](const char* name, Spoil spoil) { cases.push_back({name, std::move(spoil), v1::WRONG_SHAPE}); };
  add("no blocks", Blocks([](auto& t) { t.clear_blocks(); }));
  add("the last block is missing", Blocks([](auto& t) { t.mutable_blocks()->RemoveLast(); }));
  add("the first block is missing", Blocks([](auto& t) { t.mutable_blocks()->DeleteSubrange(0, 1); }));
  add("a block too many", Blocks([](auto& t) { *t.add_blocks() = t.blocks(3); }));
  add("one block twice, another missing", Blocks([](auto& t) { *t.mutable_blocks(2) = t.blocks(1); }));
  add("blocks in another order", Blocks([](auto& t) { t.mutable_blocks()->SwapElements(4, 5); }));
  add("an unknown field", [](auto& t) { t.mutable_blocks(5)->set_field(static_cast<v1::Field>(99)); });
  add("a negative field", [](auto& t) { t.mutable_blocks(5)->set_field(static_cast<v1::Field>(-1)); });
  add("no shape", Shape(v1::REWARD, {}));
  add("a longer horizon", Shape(v1::REWARD, {121, 4}));
  add("transposed", Shape(v1::REWARD, {4, 120}));
  add("a horizon of zero", Shape(v1::REWARD, {0, 4}));
  add("a shape whose size overflows to the right one", Shape(v1::REWARD, {120, 1U << 31, 2, 4}));
  add("the largest shape", Shape(v1::OBSERVATION, {kLargest, kLargest, kLargest}));
  add("x of two dimensions", Shape(v1::OBSERVATION, {120, 2, 4}));
  add("x without its dimension", Shape(v1::OBSERVATION, {120, 4}));
  add("an episode more than the message has", Shape(v1::MEAN, {120, 5}));
  add("a byte short", Blocks([](auto& t) { t.mutable_blocks(1)->mutable_data()->pop_back(); }));
  add("a byte long", Blocks([](auto& t) { t.mutable_blocks(1)->mutable_data()->push_back('x'); }));
  add("no data", Blocks([](auto& t) { t.mutable_blocks(0)->clear_data(); }));
  add("a megabyte where two kilobytes belong",
      Blocks([](auto& t) { t.mutable_blocks(0)->mutable_data()->resize(1 << 20); }));
  add("no measures", Blocks([](auto& t) { t.clear_measures(); }));
  add("a measure twice", Blocks([](auto& t) { *t.add_measures() = t.measures(0); }));
  add("a measure of another name", [](auto& t) { t.mutable_measures(0)->set_name("hits"); });
  add("a measure of too few values", Blocks([](auto& t) { t.mutable_measures(0)->mutable_values()->RemoveLast(); }));
  add("a measure of too many values", Blocks([](auto& t) { t.mutable_measures(0)->add_values(0); }));
}

void AddIdentities(std::vector<PoisonedTrajectory>& cases) {
  const auto add = [&](const char* name, v1::RejectReason reason, Spoil spoil) {
    cases.push_back({name, std::move(spoil), reason});
  };
  add("of no run", v1::WRONG_RUN, [](auto& t) { t.clear_run_id(); });
  add("of another run", v1::WRONG_RUN, [](auto& t) { t.set_run_id("another"); });
  add("of no generation", v1::STALE_GENERATION, [](auto& t) { t.set_generation(0); });
  add("of a generation to come", v1::STALE_GENERATION, [](auto& t) { t.set_generation(t.generation() + 1); });
  add("played with older weights", v1::STALE_POLICY, [](auto& t) { t.set_policy_version(t.policy_version() - 1); });
  add("played with weights to come", v1::STALE_POLICY, [](auto& t) { t.set_policy_version(t.policy_version() + 1); });
  add("of update 0", v1::STALE_POLICY, [](auto& t) {
    t.mutable_unit()->set_update(0);
    t.set_policy_version(0);
  });
  add("of an update to come", v1::UNKNOWN_UNIT, [](auto& t) {
    t.mutable_unit()->set_update(t.unit().update() + 1);
    t.set_policy_version(t.unit().update());
  });
  add("of the last of all updates", v1::UNKNOWN_UNIT, [](auto& t) {
    t.mutable_unit()->set_update(kLargest);
    t.set_policy_version(kLargest);
  });
  add("a unit of one episode", v1::UNKNOWN_UNIT, [](auto& t) { t.mutable_unit()->set_count(1); });
  add("a unit of the largest number", v1::UNKNOWN_UNIT, [](auto& t) { t.mutable_unit()->set_count(kLargest); });
  add("a unit between two others", v1::UNKNOWN_UNIT, [](auto& t) { t.mutable_unit()->set_first_episode(1); });
  add("a unit beyond the update", v1::UNKNOWN_UNIT, [](auto& t) { t.mutable_unit()->set_first_episode(kLargest - 3); });
  add("no unit", v1::STALE_POLICY, [](auto& t) { t.clear_unit(); });
  add("no episodes", v1::MALFORMED, [](auto& t) { t.set_count(0); });
  add("more episodes than its unit", v1::MALFORMED, [](auto& t) { t.set_count(t.count() + 1); });
  add("the largest number of episodes", v1::MALFORMED, [](auto& t) { t.set_count(kLargest); });
  add("a negative number of episodes", v1::MALFORMED, [](auto& t) { t.set_count(static_cast<uint32_t>(-4)); });
  add("episodes before its unit", v1::MALFORMED, [](auto& t) { t.set_first_episode(t.first_episode() - 1); });
  add("episodes behind its unit", v1::MALFORMED, [](auto& t) { t.set_first_episode(t.first_episode() + 4); });
  add("episodes whose end overflows", v1::MALFORMED, [](auto& t) { t.set_first_episode(kLargest - 1); });
  add("no digest", v1::DIGEST_MISMATCH, [](auto& t) { t.clear_sha256(); });
  add("half a digest", v1::DIGEST_MISMATCH, [](auto& t) { t.mutable_sha256()->resize(16); });
  add("another digest", v1::DIGEST_MISMATCH, [](auto& t) { t.mutable_sha256()->front() ^= 1; });
  add("a payload changed on the way", v1::DIGEST_MISMATCH,
      [](auto& t) { t.mutable_blocks(3)->mutable_data()->front() ^= 1; });
}

// Registers, says a hello with something changed and hears the end of the stream.
std::function<grpc::Status(RawActor&)> Hello(std::function<void(v1::Hello&)> change) {
  return [change = std::move(change)](RawActor& actor) {
    actor.Register();
    actor.Open();
    v1::ActorMessage message;
    *message.mutable_hello() = actor.MakeHello();
    change(*message.mutable_hello());
    actor.Send(message);
    return actor.End();
  };
}

// Joins, sends a heartbeat with another sequence number than 2 and hears the end of the stream.
std::function<grpc::Status(RawActor&)> Sequence(uint64_t sequence) {
  return [=](RawActor& actor) {
    actor.Join();
    v1::ActorMessage message;
    message.mutable_heartbeat();
    message.set_sequence(sequence);
    actor.SendAsItIs(message);
    return actor.End();
  };
}

std::function<grpc::Status(RawActor&)> FirstMessage(std::function<void(v1::ActorMessage&)> make) {
  return [make = std::move(make)](RawActor& actor) {
    actor.Register();
    actor.Open();
    v1::ActorMessage message;
    make(message);
    actor.Send(message);
    return actor.End();
  };
}

}  // namespace

std::vector<PoisonedTrajectory> PoisonedTrajectories() {
  std::vector<PoisonedTrajectory> cases;
  AddValues(cases);
  AddShapes(cases);
  AddIdentities(cases);
  return cases;
}

std::vector<Breach> Breaches() {
  constexpr auto kInvalid = grpc::StatusCode::INVALID_ARGUMENT;
  constexpr auto kPrecondition = grpc::StatusCode::FAILED_PRECONDITION;
  const auto registered_as = [](std::string name) {
    return [name = std::move(name)](RawActor& actor) {
      actor.Rename(name);
      return actor.Register();
    };
  };
  return {
      {"no name", registered_as(""), kInvalid, "actor_id must be"},
      {"a name with a slash", registered_as("../a0"), kInvalid, "actor_id must be"},
      {"a name in capitals", registered_as("A0"), kInvalid, "actor_id must be"},
      {"a name of 65 letters", registered_as(std::string(65, 'a')), kInvalid, "actor_id must be"},
      {"hello of another run", Hello([](auto& h) { h.set_run_id("another"); }), kPrecondition, "register again"},
      {"hello of another generation", Hello([](auto& h) { h.set_generation(0); }), kPrecondition, "register again"},
      {"hello of another config", Hello([](auto& h) { h.set_config_hash("x"); }), kPrecondition, "another config"},
      {"hello of another process", Hello([](auto& h) { h.set_incarnation(1); }), kPrecondition, "not registered"},
      {"hello of nobody", Hello([](auto& h) { h.set_actor_id("nobody"); }), kPrecondition, "not registered"},
      {"a heartbeat before hello", FirstMessage([](auto& m) { m.mutable_heartbeat(); }), kPrecondition,
       "must be hello"},
      {"a trajectory before hello", FirstMessage([](auto& m) { m.mutable_trajectory(); }), kPrecondition,
       "must be hello"},
      {"a first message of nothing", FirstMessage([](auto&) {}), kPrecondition, "must be hello"},
      {"a second hello",
       [](RawActor& actor) {
         actor.Join();
         actor.Hello();
         return actor.End();
       },
       kInvalid, "a second hello"},
      {"a message of nothing",
       [](RawActor& actor) {
         actor.Join();
         actor.Send({});
         return actor.End();
       },
       kInvalid, "without a body"},
      {"a sequence number of zero", Sequence(0), kInvalid, "message 0 after message 1"},
      {"a sequence number again", Sequence(1), kInvalid, "message 1 after message 1"},
      {"a gap in the sequence", Sequence(3), kInvalid, "message 3 after message 1"},
      {"the largest sequence number", Sequence(std::numeric_limits<uint64_t>::max()), kInvalid, "after message 1"},
  };
}

}  // namespace nmn::fault
