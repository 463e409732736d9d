#pragma once

#include <string>
#include <vector>

#include "nmn/v1/run_config.pb.h"

namespace nmn::config {

// config.task from the benchmark and its options, as this program has them. A benchmark that is unknown here leaves the
// config as it is.
void ResolveTask(v1::RunConfig& config);
// The same where the config has no task: one that was stored before configs had it says all that the task follows from.
void CompleteTask(v1::RunConfig& config);

// Where two tasks differ; what is known of their returns does not count.
struct TaskDifference {
  std::string path;          // "task.version"
  std::string first, other;  // values, in words
};
std::vector<TaskDifference> TaskDifferences(const v1::TaskSpec& first, const v1::TaskSpec& other);

// For an actor and a learner: "task.version is 2, the run's is 1", one line. Empty where the tasks are the same.
std::string DescribeOtherTask(const v1::TaskSpec& own, const v1::TaskSpec& run);

}  // namespace nmn::config
