#include "learner/run/limit_flags.h"

#include <CLI/CLI.hpp>
#include <string>

namespace nmn::run {
namespace {

constexpr char kGroup[] = "Limits of what other processes may take (docs/security.md)";
constexpr double kLongest = 86400;  // seconds
constexpr double kShortest = 0.01;

}  // namespace

void AddLimitFlags(CLI::App& app, service::Limits& limits) {
  const auto add = [&app](const char* flag, auto& value, const char* help, auto least, auto most) {
    app.add_option(flag, value, help)->capture_default_str()->check(CLI::Range(least, most))->group(kGroup);
  };
  add("--limit_memory_bytes", limits.memory_bytes, "memory of gRPC for all connections together", size_t{64} << 20,
      size_t{1} << 40);
  add("--limit_metadata_bytes", limits.metadata_bytes, "metadata of one call", 1 << 10, 1 << 20);
  add("--limit_handshake_seconds", limits.handshake_seconds, "until a connection has shaken hands", kShortest,
      kLongest);
  add("--limit_connection_calls", limits.connection_calls, "calls under way on one connection", 1, 1 << 20);
  add("--limit_address_streams", limits.address_streams, "streams from one address; 0: any number", 0u, 1u << 20);
  add("--limit_address_registrations", limits.address_registrations,
      "registrations from one address within a minute; 0: any number", 0u, 1u << 24);
  add("--limit_hello_streams", limits.hello_streams,
      "streams on top of work.max_actors, for those that have not said who they are", 1u, 1u << 20);
  add("--limit_hello_seconds", limits.hello_seconds, "until a stream has said who it is", kShortest, kLongest);
  add("--limit_call_seconds", limits.call_seconds, "of a call that fetches weights", kShortest, kLongest);
  add("--limit_strikes", limits.strikes, "malformed messages in a row that put an actor into quarantine", 1, 1 << 20);
  add("--limit_quarantine_seconds", limits.quarantine_seconds, "that it gets no work then", kShortest, kLongest);
}

}  // namespace nmn::run
