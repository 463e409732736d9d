#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "cli/policy_choice.h"
#include "cli/report/style.h"

namespace CLI {
class App;
}

namespace nmn::cli {

// How a policy is analysed: what the verbs that analyse one share.
struct AnalyseFlags {
  PolicyFlags policy;
  uint32_t episodes = 1000;  // the paper's
  uint32_t points = 1000;
  std::string out;
  bool json = false;
  report::Style style;
};
// All but the policy and `out`.
void AddAnalyseOptions(CLI::App& verb, AnalyseFlags& flags);

// Plays, writes tables and figures into flags.out, and prints the summary. Without gnuplot there are no figures, and a
// line says so. Errors are ChoosePolicy's, and INVALID_ARGUMENT where it is no network of a benchmark of the paper.
absl::Status Analyse(const std::string& verb, const AnalyseFlags& flags);

}  // namespace nmn::cli
