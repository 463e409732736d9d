#include "cli/trace/trace.h"

namespace nmn::trace {

absl::Status WriteTrace(play::Player& player, Recorder& recorder, uint32_t episodes, Output& output) {
  for (uint32_t episode = 0; episode < episodes; ++episode) {
    absl::StatusOr<Block> block = recorder.Record(player, episode);
    if (!block.ok()) return block.status();
    if (absl::Status status = output.Add(*block); !status.ok()) return status;
  }
  return output.Finish();
}

}  // namespace nmn::trace
