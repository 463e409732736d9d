#pragma once

#include <cstddef>
#include <cstdint>

namespace nmn::service {

// How much one client may take from the others; docs/security.md has the table. What belongs to the run
// (work.max_actors, work.credit_bytes) is in its config. What both ends must agree on, as the size of a message, is a
// constant of both.
struct Limits {
  int metadata_bytes = 16 << 10;            // of one call
  size_t memory_bytes = size_t{512} << 20;  // of gRPC, for all connections together
  double handshake_seconds = 10;            // until a connection has said that it speaks HTTP/2
  int connection_calls = 1024;              // under way on one connection
  uint32_t address_streams = 2048;          // open from one address; 0: any number
  uint32_t address_registrations = 6000;    // within a minute from one address; 0: any number
  uint32_t hello_streams = 16;              // on top of work.max_actors, for streams that have not said hello
  double hello_seconds = 10;                // until a stream says hello
  double call_seconds = 120;                // of a call that fetches weights
  int strikes = 3;                          // malformed messages in a row, until quarantine
  double quarantine_seconds = 60;
};

}  // namespace nmn::service
