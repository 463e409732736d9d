#include "common/flags/environment.h"

#include <re2/re2.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "common/text/suggestion.h"

namespace nmn::flags {
namespace {

constexpr char kPrefix[] = "NMN_";

// The variables of an app's flags, and of its verbs'.
void CollectVariables(const CLI::App& app, std::vector<std::string>& variables) {
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      if (!IsQuestion(name)) variables.push_back(VariableOf(name));
    }
  }
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; }))
    CollectVariables(*verb, variables);
}

bool OfKubernetes(const std::string& name) {
  static const RE2 pattern(
      "NMN_([A-Z0-9_]+_)?(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_[A-Z]+)?)?)");
  return RE2::FullMatch(name, pattern);
}

}  // namespace

std::string VariableOf(const std::string& flag) {
  return absl::StrCat(kPrefix, absl::StrReplaceAll(absl::AsciiStrToUpper(flag), {{"-", "_"}}));
}

const std::vector<std::string>& KnownVariables() {
  static const std::vector<std::string> known = {
      // Flags of nmn, nmn-learner and nmn-actor.
      "NMN_ACCEPT_LOSS",
      "NMN_ACTOR",
      "NMN_ACTORS",
      "NMN_ACTOR_ID",
      "NMN_ADAPTATION",
      "NMN_ADAPTATION_EPISODES",
      "NMN_ALLOW_MIXED",
      "NMN_ARCH",
      "NMN_AVERAGE",
      "NMN_BAND",
      "NMN_BENCHMARK",
      "NMN_BENCHMARKS",
      "NMN_COLUMNS",
      "NMN_CONFIG",
      "NMN_CONNECT_TIMEOUT",
      "NMN_CSV",
      "NMN_DAYS",
      "NMN_DEVICE",
      "NMN_DISCARD_CORRUPT",
      "NMN_EACH",
      "NMN_ENGINE",
      "NMN_EPISODES",
      "NMN_ESTIMATE",
      "NMN_EVENT_LOG",
      "NMN_EVERY",
      "NMN_FILTER",
      "NMN_FORMAT",
      "NMN_GO_ON",
      "NMN_GRID",
      "NMN_HEALTH",
      "NMN_HTML",
      "NMN_INIT_FROM",
      "NMN_INSECURE",
      "NMN_JOBS",
      "NMN_JSON",
      "NMN_LANES",
      "NMN_LEARNER",
      "NMN_LIMIT_ADDRESS_REGISTRATIONS",
      "NMN_LIMIT_ADDRESS_STREAMS",
      "NMN_LIMIT_CALL_SECONDS",
      "NMN_LIMIT_CONNECTION_CALLS",
      "NMN_LIMIT_HANDSHAKE_SECONDS",
      "NMN_LIMIT_HELLO_SECONDS",
      "NMN_LIMIT_HELLO_STREAMS",
      "NMN_LIMIT_MEMORY_BYTES",
      "NMN_LIMIT_METADATA_BYTES",
      "NMN_LIMIT_QUARANTINE_SECONDS",
      "NMN_LIMIT_STRIKES",
      "NMN_LISTEN",
      "NMN_LOG_FORMAT",
      "NMN_LOG_LEVEL",
      "NMN_MEAN",
      "NMN_METRICS",
      "NMN_METRICS_TLS",
      "NMN_NO_FIGURE",
      "NMN_NO_FIGURES",
      "NMN_NO_TITLE",
      "NMN_NPZ",
      "NMN_OPERATOR",
      "NMN_OUT",
      "NMN_POINTS",
      "NMN_POLICY",
      "NMN_PRESET",
      "NMN_PRINT_CONFIG",
      "NMN_PYTHON",
      "NMN_PYTHON_TIMEOUT",
      "NMN_PYTHON_WORKERS",
      "NMN_REGISTRY",
      "NMN_RESTARTS",
      "NMN_RESUME",
      "NMN_RUN_DIR",
      "NMN_SBATCH",
      "NMN_SCALE_SCHEDULE",
      "NMN_SEED",
      "NMN_SEEDS",
      "NMN_SET",
      "NMN_SIZE",
      "NMN_SMOKE",
      "NMN_SMOOTH",
      "NMN_STUCK_AFTER",
      "NMN_TAG",
      "NMN_TASK",
      "NMN_TASK_PLUGIN",
      "NMN_TASK_PYTHON",
      "NMN_TEMPERATURE",
      "NMN_THREADS",
      "NMN_TIMEOUT",
      "NMN_TLS",
      "NMN_TLS_CA",
      "NMN_TLS_CERT",
      "NMN_TLS_KEY",
      "NMN_TLS_REVOKED",
      "NMN_UNTIL",
      "NMN_UPDATE",
      "NMN_UPDATES",
      "NMN_Y_RANGE",
      // Faults on purpose (common/failpoint).
      "NMN_FAILPOINTS",
      "NMN_FAILPOINT_SEED",
      // deploy/: read by Compose and by scripts, and there in the shell of whoever exports them.
      "NMN_ACTOR_MEMORY",
      "NMN_CONFIG_FILE",
      "NMN_GRAFANA_IMAGE",
      "NMN_GRAFANA_PASSWORD",
      "NMN_GRAFANA_PORT",
      "NMN_LEARNER_MEMORY",
      "NMN_PROMETHEUS_IMAGE",
      "NMN_PROMETHEUS_PORT",
      "NMN_PROMETHEUS_RETENTION",
      "NMN_RUN",
      "NMN_TASK_FOLDER",
      // The build and the tests.
      "NMN_BINARY_DIRECTORY",
      "NMN_BUILD_BENCHMARKS",
      "NMN_BUILD_TESTS",
      "NMN_ENV_EPISODES",
      "NMN_FAULT_FIGURES",
      "NMN_FAULT_FULL",
      "NMN_FAULT_SHARED",
      "NMN_FAULT_TLS",
      "NMN_LIBTORCH_ENGINE",
      "NMN_REWRITE_BASELINE",
      "NMN_REWRITE_TRANSCRIPTS",
      "NMN_SANITIZE",
      "NMN_SIMULATION_SEED",
      "NMN_TEST_DEPLOY",
      "NMN_WITH_TORCH",
  };
  return known;
}

absl::Status CheckEnvironment(const Called& called) {
  for (const CLI::Option* option : called.verb->get_options()) {
    if (option->get_envname().empty() || called.given.count(option->get_lnames()[0]) != 0) continue;
    const char* value = std::getenv(option->get_envname().c_str());
    if (value == nullptr || *value == '\0') continue;
    for (const std::string& name : option->get_lnames()) {
      const char* other = std::getenv(VariableOf(name).c_str());
      if (other == nullptr || *other == '\0' || std::string_view(other) == value) continue;
      return absl::InvalidArgumentError(absl::StrCat("the environment has ", option->get_envname(), "=", value, " and ",
                                                     VariableOf(name), "=", other,
                                                     ", which are one flag; unset one of them"));
    }
    if (absl::Status status = CheckValue(*option, option->get_envname(), value); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status FindUnknownVariables(CLI::App& app, const std::vector<std::string>& names,
                                  std::vector<std::string>& ignored) {
  std::vector<std::string> known = KnownVariables();
  CollectVariables(app, known);
  std::sort(known.begin(), known.end());
  known.erase(std::unique(known.begin(), known.end()), known.end());
  for (const std::string& name : names) {
    if (!absl::StartsWith(name, kPrefix) || OfKubernetes(name)) continue;
    if (std::binary_search(known.begin(), known.end(), name)) continue;
    // Compared without what all of them share, which would make everything near.
    std::vector<std::string> ends;
    for (const std::string& candidate : known) ends.push_back(candidate.substr(sizeof(kPrefix) - 1));
    const std::vector<std::string> near = text::Near(name.substr(sizeof(kPrefix) - 1), ends);
    if (near.empty()) {
      ignored.push_back(name);
      continue;
    }
    return absl::InvalidArgumentError(absl::StrCat("the environment has ", name, ", which nothing reads; did you mean ",
                                                   kPrefix, absl::StrJoin(near, absl::StrCat(" or ", kPrefix)),
                                                   "? Unset it, or rename it"));
  }
  return absl::OkStatus();
}

std::vector<std::string> NearlyRead(const Called& called) {
  const auto is_set = [](const std::string& variable) {
    const char* value = std::getenv(variable.c_str());
    return value != nullptr && *value != '\0';
  };
  std::set<std::string> read;
  for (const CLI::Option* option : called.verb->get_options()) {
    for (const std::string& name : option->get_lnames()) read.insert(VariableOf(name));
  }
  std::vector<std::string> lines;
  for (const CLI::Option* option : called.verb->get_options()) {
    if (option->get_lnames().empty() || called.given.count(option->get_lnames()[0]) != 0) continue;
    for (const std::string& name : option->get_lnames()) {
      const std::string variable = VariableOf(name);
      const std::string other =
          absl::EndsWith(variable, "S") ? variable.substr(0, variable.size() - 1) : absl::StrCat(variable, "S");
      if (is_set(variable) || !is_set(other) || read.contains(other)) continue;
      lines.push_back(absl::StrCat("the environment has ", other, ", which ", NameOf(*called.verb),
                                   " does not read; did you mean ", variable, "?"));
    }
  }
  return lines;
}

std::vector<std::string> VariableNames() {
  std::vector<std::string> names;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string text(*variable);
    names.push_back(text.substr(0, text.find('=')));
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace nmn::flags
