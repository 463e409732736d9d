#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "common/flags/arguments.h"

namespace nmn::flags {

// "NMN_RUN_DIR" of "run_dir".
std::string VariableOf(const std::string& flag);

// Every variable NMN_.. that means something to some part of this project: the flags of all binaries, and what
// deploy/ and tests/ read. A binary does not know the others' flags, so they are listed.
const std::vector<std::string>& KnownVariables();

// Checks each flag of the called verb that the command line does not have and the environment has, as CheckValue.
absl::Status CheckEnvironment(const Called& called);

// Looks through `names` of variables for NMN_.. that is neither in KnownVariables nor a flag of `app` or its verbs.
// INVALID_ARGUMENT for the first that is nearly known; the others, in order, are `ignored`. What Kubernetes sets for
// a service whose name begins with nmn (NMN_.._SERVICE_HOST, NMN_.._PORT_..) is no one's mistake.
absl::Status FindUnknownVariables(CLI::App& app, const std::vector<std::string>& names,
                                  std::vector<std::string>& ignored);

// Variables that mean something to another verb, and of which the called verb has the plural or the singular:
// NMN_UPDATE where it reads NMN_UPDATES, and nobody gives that. One line each, for people.
std::vector<std::string> NearlyRead(const Called& called);

// Names of all variables of this process.
std::vector<std::string> VariableNames();

}  // namespace nmn::flags
