#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace nmn::fault {

// What proto/nmn/v1 is on the wire and on disk, a line each, sorted:
//
//   field nmn.v1.Hello 4 fixed64 incarnation
//   value nmn.v1.Mode 1 SYNC
//   rpc nmn.v1.LearnerService.Exchange stream nmn.v1.ActorMessage -> stream nmn.v1.LearnerMessage
using Wire = std::set<std::string>;

// Of the descriptors that this binary is built with.
Wire PresentWire();

// The baseline's text: "protocol N", then the lines.
std::string ToText(uint32_t protocol, const Wire& wire);
struct Baseline {
  uint32_t protocol = 0;
  Wire wire;
};
Baseline FromText(const std::string& text);

// The lines of the baseline that are gone or changed: what a process of the baseline's version cannot talk to.
std::vector<std::string> Broken(const Wire& baseline, const Wire& present);
// The lines that the baseline lacks.
std::vector<std::string> Added(const Wire& baseline, const Wire& present);

}  // namespace nmn::fault
