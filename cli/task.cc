#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "bridge/task_flags.h"
#include "cli/evaluation.h"
#include "cli/fail.h"
#include "cli/policy_choice.h"
#include "cli/scripted/scripted_policy.h"
#include "cli/task_check.h"
#include "cli/verbs.h"
#include "common/config/config.h"
#include "common/env/environment.h"
#include "common/text/counted.h"

namespace nmn::cli {
namespace {

struct CheckFlags {
  std::string task;
  bridge::TaskFlags brought;
  std::vector<std::string> set;
  uint64_t seed = 1;
  uint32_t episodes = 20;
};

// What no check can see.
constexpr char kTaskSeed[] =
    "task_seed      what the policy is to find out must be drawn from it: it stays the same for all trials of an "
    "episode, and the seed of a trial does not\n";

// "one number in [-20, 20]", "10 choices": what an action is, for people.
std::string DescribeAction(const v1::ActionSpace& space) {
  if (space.has_box()) {
    const v1::BoxSpace& box = space.box();
    std::vector<std::string> ranges;
    for (int i = 0; i < box.low_size(); ++i) ranges.push_back(absl::StrFormat("[%g, %g]", box.low(i), box.high(i)));
    return absl::StrCat(text::Counted(box.low_size(), "number"), " in ", absl::StrJoin(ranges, " x "));
  }
  if (space.has_multi_discrete()) {
    return absl::StrCat(absl::StrJoin(space.multi_discrete().choices(), " x "), " choices");
  }
  return absl::StrCat(space.discrete(), " choices");
}

// What ships, as programs read it.
absl::Status ListAsJson() {
  nlohmann::ordered_json tasks = nlohmann::ordered_json::array();
  for (const std::string& name : env::TaskNames()) {
    const absl::StatusOr<v1::RunConfig> config = TaskConfig(name, {});
    if (!config.ok()) return config.status();
    const v1::TaskSpec& task = config->task();
    tasks.push_back({{"task", name},
                     {"title", env::FindSpec(name)->title},
                     {"horizon", task.horizon()},
                     {"observation_size", task.observation_size()},
                     {"action", DescribeAction(task.action())},
                     {"rules", scripted::PolicyNames(name)}});
  }
  std::cout << tasks.dump() << "\n";
  return absl::OkStatus();
}

// The cells of each row below those of the one before; the last column may be of any width.
void PrintTable(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths(rows[0].size());
  for (const std::vector<std::string>& row : rows) {
    for (size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], row[c].size());
  }
  for (const std::vector<std::string>& row : rows) {
    for (size_t c = 0; c + 1 < row.size(); ++c) std::cout << absl::StrFormat("%-*s  ", widths[c], row[c]);
    std::cout << row.back() << "\n";
  }
}

absl::Status List() {
  std::vector<std::vector<std::string>> rows = {{"task", "", "T", "x", "action", "rules of nmn eval"}};
  for (const std::string& name : env::TaskNames()) {
    const absl::StatusOr<v1::RunConfig> config = TaskConfig(name, {});
    if (!config.ok()) return config.status();
    const v1::TaskSpec& task = config->task();
    rows.push_back({name, std::string(env::FindSpec(name)->title), absl::StrCat(task.horizon()),
                    absl::StrCat(task.observation_size()), DescribeAction(task.action()),
                    absl::StrJoin(scripted::PolicyNames(name), ", ")});
  }
  PrintTable(rows);
  return absl::OkStatus();
}

// What training with the task's own config costs in steps of it, for whoever asks whether the task is fast enough.
std::string DescribeBudget(const v1::RunConfig& config, double steps_per_second) {
  const uint64_t updates = config::BudgetUpdates(config), episodes = updates * config.ppo().episodes_per_update();
  const uint32_t cut = config.ppo().rollout_steps();
  const double steps = static_cast<double>(episodes) * (cut != 0 ? cut : config.task().horizon());
  const double seconds = steps / steps_per_second;
  return absl::StrFormat(
      "training       preset %s: %s of %s, %.3g steps in all: %.0f %s of one core in the task alone\n", config.preset(),
      text::Counted(updates, "update"), text::Counted(config.ppo().episodes_per_update(), "episode"), steps,
      seconds < 120 ? std::max(1.0, seconds) : seconds / 60, seconds < 120 ? "seconds" : "minutes");
}

absl::Status Check(CheckFlags flags) {
  if (absl::Status status = bridge::BringTask(flags.brought, flags.task); !status.ok()) return status;
  if (flags.task.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--task is missing: ", env::ListOfTasks(), "; nmn task list says more"));
  }
  const absl::StatusOr<v1::RunConfig> config = TaskConfig(flags.task, flags.set);
  if (!config.ok()) return config.status();
  const auto make = [&](size_t lanes) { return env::MakeEnvironment(config->benchmark(), config->env(), lanes); };
  const absl::StatusOr<TaskCheck> check = CheckTask(make, flags.seed, flags.episodes);
  if (!check.ok()) return check.status();
  const v1::TaskSpec& task = config->task();
  std::cout << absl::StrFormat("observation    %s, seen from %g to %g\n",
                               text::Counted(task.observation_size(), "number"), check->least_observed,
                               check->largest_observed)
            << absl::StrFormat("action         %s\n", DescribeAction(task.action()))
            << absl::StrFormat("episode        %s\n", text::Counted(task.horizon(), "step"))
            << absl::StrFormat("return         %s of actions drawn by chance, %s\n",
                               WithError(check->return_mean, check->return_error),
                               text::Counted(flags.episodes, "episode"))
            << "same seed      same bits: again, and in another environment with other neighbours\n"
            << "numbers        finite, actions within their space\n"
            << absl::StrFormat("speed          %.3g steps a second on one core\n", check->steps_per_second)
            << DescribeBudget(*config, check->steps_per_second) << (flags.brought.any() ? kTaskSeed : "") << "\n"
            << config::PrintTask(task);
  return absl::OkStatus();
}

}  // namespace

void AddTask(CLI::App& app, int& exit_code) {
  CLI::App* verb = app.add_subcommand("task", "The tasks that can be trained on: list them, check one");
  verb->require_subcommand(1);
  verb->footer(
      "Examples:  nmn task list\n           nmn task check --task=bandit --set task.arms=5\n"
      "           PYTHONPATH=. nmn task check --task_python=my_tasks.cartpole:make");
  CLI::App* list = verb->add_subcommand("list", "List the tasks that ship");
  auto json = std::make_shared<bool>(false);
  list->add_flag("--json", *json, "One JSON array on one line: task, title, horizon, observation_size, action, rules");
  list->callback([json, &exit_code] {
    const absl::Status status = *json ? ListAsJson() : List();
    exit_code = status.ok() ? kExitDone : Fail("task list", status);
  });
  CLI::App* check = verb->add_subcommand(
      "check", "Play a task with actions drawn by chance, say what was found and print the TaskSpec");
  auto flags = std::make_shared<CheckFlags>();
  check->add_option("--task,--benchmark", flags->task, env::ListOfTasks(/*titles=*/true))->type_name("TASK");
  bridge::AddTaskFlags(*check, flags->brought);
  check
      ->add_option("--set", flags->set,
                   "Set an option of the task, e.g. task.horizon=100; may be repeated (docs/environments.md)")
      ->type_name("OPTION=VALUE")
      ->take_all()
      ->allow_extra_args(false);
  check->add_option("--seed", flags->seed, "Seed of tasks, environment and actions")->capture_default_str();
  check->add_option("--episodes", flags->episodes, "Episodes to play; they are played three times")
      ->check(CLI::Range(2u, 10'000u))
      ->capture_default_str();
  check->footer("Exit codes: 0 the task is in order; 42 it is not, and the line names field, episode and step.");
  check->callback([flags, &exit_code] {
    const absl::Status status = Check(*flags);
    exit_code = status.ok() ? kExitDone : Fail("task check", status);
  });
}

}  // namespace nmn::cli
