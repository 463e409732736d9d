#include "cli/value_kinds.h"

#include <algorithm>
#include <string>
#include <vector>

#include "cli/scripted/scripted_policy.h"
#include "common/config/assignments.h"
#include "common/config/config.h"
#include "common/env/environment.h"
#include "common/log/log.h"
#include "common/metrics/port_protection.h"
#include "learner/run/run_flags.h"

namespace nmn::cli {
namespace {

// "fast" of "fast-b1-nmn", each once.
std::vector<std::string> Presets() {
  std::vector<std::string> presets;
  for (const std::string& name : config::PresetNames()) {
    const std::string preset = name.substr(0, name.find('-'));
    if (std::find(presets.begin(), presets.end(), preset) == presets.end()) presets.push_back(preset);
  }
  return presets;
}

}  // namespace

usage::Kinds ValueKinds() {
  usage::Kinds kinds = usage::PathKinds();
  kinds["TASK"].words = env::TaskNames();
  kinds["ARCH"].words = {"nmn", "rnn"};
  kinds["BENCHMARK"].words = env::BenchmarkNames();
  kinds["FORMAT"].words = {"svg", "png", "pdf"};
  kinds["PRESET"].words = Presets();
  kinds["POLICY"].words = scripted::PolicyNames();
  kinds["POLICY"].files = true;
  kinds["DEVICE"].words = run::DeviceNames();
  kinds["LEVEL"].words = log::Levels();
  kinds["LOG_FORMAT"].words = log::Formats();
  kinds["PROTECTION"].words = metrics::PortProtections();
  for (const char* name : {"FIELD=VALUE", "FIELD=VALUES"}) kinds[name].words = config::Assignments();
  kinds["OPTION=VALUE"].words = config::TaskAssignments();
  return kinds;
}

}  // namespace nmn::cli
