#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "actor/play/player.h"
#include "cli/trace/output.h"
#include "cli/trace/recorder.h"

namespace nmn::trace {

// Plays episodes 0 .. episodes - 1 one by one and writes each once it is over.
absl::Status WriteTrace(play::Player& player, Recorder& recorder, uint32_t episodes, Output& output);

}  // namespace nmn::trace
