#pragma once

#include <string>
#include <vector>

#include "cli/report/run.h"

namespace nmn::report {

// Runs that are one curve: they differ in nothing but the seed, the old weights that each began from, and what
// config::Hash leaves out.
struct Group {
  // What tells the curves of a report apart: "NMN, fast, trace_decay=0.9, 3 seeds", or "NMN, fast, seed 1". No two
  // groups of a report have the same.
  std::string label;
  std::string architecture;         // "NMN"
  size_t shade = 0;                 // of its architecture's colour: how many such groups stand before it
  std::string preset;               // "fast"; empty where the config was made from none
  std::vector<std::string> values;  // one for each of Grouping::fields
  std::vector<size_t> runs;         // indices
};

// The groups of a report, in the order of their first runs, and by which fields they differ.
struct Grouping {
  // Dotted paths in the order of RunConfig: fields that differ between groups, without those that architecture and
  // preset explain.
  std::vector<std::string> fields;
  std::vector<Group> groups;

  const Group& OfRun(size_t run) const;
  // Columns that tell groups apart by name, for a CSV: "arch,preset,ppo.trace_decay", and a group's cells.
  std::string CsvColumns() const;
  std::string CsvCells(const Group& group) const;
};

// `each` keeps every run apart.
Grouping GroupRuns(const std::vector<Run>& runs, bool each);

}  // namespace nmn::report
