#pragma once

#include <string>
#include <vector>

#include "learner/run/learner_run.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace nmn::run {

// What nmn train and nmn-learner say of --listen in their own words.
struct RunFlagHelp {
  std::string run_dir;
  std::string listen;
  std::string metrics;
};

inline constexpr char kMetricsHelp[] =
    "address of the live page (/), /metrics (Prometheus) and /healthz; port 0 takes a free one, \"off\" has none";

// What --device takes; an index may follow "cuda".
std::vector<std::string> DeviceNames();

// Adds the flags of a run that every program takes which owns one: --run_dir, --init_from, --resume, --listen,
// --tls and its parts, --insecure, --allow_mixed, --device, --threads, --metrics, --metrics_tls, --stuck_after,
// --limit_* (limit_flags.h), --discard_corrupt, --accept_loss, --event_log. Their values go into `options`, whose
// content is the default;
// --threads and --metrics get theirs here. Returns --metrics.
CLI::Option* AddRunFlags(CLI::App& app, const RunFlagHelp& help, RunOptions& options);

// The command that goes on with the run in `directory`: `app`, as it was called, with --resume and --run_dir, without
// the flags that belong to a first start and those named in `stored`, which the run remembers. Quoted for a shell.
std::string ResumeCommand(const CLI::App& app, const std::string& directory, std::vector<std::string> stored);

// What a process says that was told to stop before the run had begun: the command that begins it, or goes on with it.
std::string StoppedWhileStarting(const CLI::App& app, const std::string& directory);

}  // namespace nmn::run
