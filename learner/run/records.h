#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "learner/metrics/update_history.h"
#include "learner/run/run_directory.h"

namespace nmn::run {

// The texts that RunDirectory writes, without their files.

// A line of metrics.jsonl, newline included. Numbers that are not finite are null.
std::string MetricsLine(const metrics::MetricsRecord& record);

// The updates of metrics.jsonl, whose lines MetricsLine wrote; others are left out. Reads no more of them than it
// keeps.
metrics::UpdateHistory ReadHistory(std::string_view lines);

// "update,episode,return,discounted_return,hits\n"; then a line for each episode, counted from 0 within the update.
std::string EpisodesHeader(const EpisodeRows& episodes);
std::string EpisodesLines(const EpisodeRows& episodes);

// Tag and number of each scalar. Those that are not finite are left out.
std::vector<std::pair<std::string, double>> EventScalars(const metrics::MetricsRecord& record);

// summary.json, indented.
std::string SummaryText(const Summary& summary);

}  // namespace nmn::run
