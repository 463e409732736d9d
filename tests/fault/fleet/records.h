#pragma once

#include <string>

namespace nmn::fault {

// Expects that the files of a finished tiny run hold what happened once, whatever happened to its processes: a line of
// metrics.jsonl and a record of the TensorBoard events for each update, a row of episodes.csv for each episode, all in
// order; and where there is an events.jsonl, no breach of the rules in tests/support/history.h.
void ExpectRecords(const std::string& directory, int updates, int episodes_per_update = 20);

}  // namespace nmn::fault
