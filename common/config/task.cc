#include "common/config/task.h"

#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/env/environment.h"
#include "google/protobuf/text_format.h"

namespace nmn::config {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::TextFormat;

// A field of a task in words, e.g. "box { low: -20 .. }".
std::string ValueOf(const v1::TaskSpec& task, const FieldDescriptor* field) {
  TextFormat::Printer printer;
  printer.SetSingleLineMode(true);
  std::vector<std::string> values;
  const auto add = [&](int index) { printer.PrintFieldValueToString(task, field, index, &values.emplace_back()); };
  const int size = field->is_repeated() ? task.GetReflection()->FieldSize(task, field) : 0;
  for (int i = 0; i < size; ++i) add(i);
  if (!field->is_repeated()) add(-1);
  std::string text = absl::StrJoin(values, ", ");
  absl::StripTrailingAsciiWhitespace(&text);  // a message on one line ends with a blank
  return text.empty() ? "nothing" : text;
}

// What is known of the task's returns.
bool IsFigure(const FieldDescriptor* field) {
  return field->number() == v1::TaskSpec::kRandomReturnFieldNumber ||
         field->number() == v1::TaskSpec::kBestReturnFieldNumber;
}

}  // namespace

void ResolveTask(v1::RunConfig& config) {
  absl::StatusOr<v1::TaskSpec> task = env::MakeTaskSpec(config.benchmark(), config.env());
  if (task.ok()) *config.mutable_task() = *std::move(task);
}

void CompleteTask(v1::RunConfig& config) {
  if (!config.has_task()) ResolveTask(config);
}

std::vector<TaskDifference> TaskDifferences(const v1::TaskSpec& first, const v1::TaskSpec& other) {
  std::vector<TaskDifference> differences;
  const google::protobuf::Descriptor& type = *v1::TaskSpec::descriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* field = type.field(i);
    if (IsFigure(field)) continue;
    const std::string here = ValueOf(first, field), there = ValueOf(other, field);
    if (here != there) differences.push_back({absl::StrCat("task.", field->name()), here, there});
  }
  return differences;
}

std::string DescribeOtherTask(const v1::TaskSpec& own, const v1::TaskSpec& run) {
  std::string text;
  for (const TaskDifference& difference : TaskDifferences(own, run))
    absl::StrAppend(&text, text.empty() ? "" : "; ", difference.path, " is ", difference.first, ", the run's is ",
                    difference.other);
  return text;
}

}  // namespace nmn::config
