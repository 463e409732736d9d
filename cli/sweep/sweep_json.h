#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "cli/sweep/engine.h"
#include "cli/sweep/grid.h"

namespace nmn::sweep {

// What sweep.json says.
struct SweepJson {
  Grid grid;
  Engine engine;

  bool operator==(const SweepJson&) const = default;
};

// The text of sweep.json. INVALID_ARGUMENT where a flag's text is not UTF-8, which JSON cannot hold.
absl::StatusOr<std::string> Print(const SweepJson& sweep);

// `file` stands for the file in messages. FAILED_PRECONDITION where it is of a newer program, DATA_LOSS where it is
// damaged. A file of format 1, which had one block and no engine, is of --engine=local.
absl::StatusOr<SweepJson> Parse(const std::string& text, const std::string& file);

}  // namespace nmn::sweep
