#include "bridge/worker.h"

#include <spdlog/spdlog.h>

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

namespace nmn::bridge {
namespace {

constexpr std::string_view kStart = "start";  // as python/nmn/worker.py calls it

}  // namespace

std::string_view NameOf(Command command) { return command == Command::kReset ? "reset" : "step"; }

Worker::Worker(PythonTask task, std::unique_ptr<PythonProcess> process)
    : task_(std::move(task)), process_(std::move(process)) {}

absl::StatusOr<std::unique_ptr<Worker>> Worker::Start(const PythonTask& task, const Interruption& interruption) {
  absl::StatusOr<std::unique_ptr<PythonProcess>> process = PythonProcess::Start(task, interruption);
  if (!process.ok()) return process.status();
  return std::unique_ptr<Worker>(new Worker(task, *std::move(process)));
}

absl::StatusOr<FoundTask> Worker::Find() {
  if (absl::Status status = process_->WaitUntilItRuns(task_.start_limit); !status.ok()) return status;
  if (const absl::Status status = Answer(kStart, task_.start_limit); !status.ok()) return status;
  const absl::StatusOr<std::string> description = process_->ReadLine(task_.start_limit);
  if (!description.ok()) return description.status();
  return ParseFoundTask(*description);
}

absl::Status Worker::Open(const Segment& segment) {
  if (const absl::Status status = process_->Send("O"); !status.ok()) return status;
  if (const absl::Status status = process_->SendDescriptor(segment.descriptor()); !status.ok()) return status;
  if (const absl::Status status = process_->Send(segment.Description() + "\n"); !status.ok()) return status;
  return Answer(kStart, task_.start_limit);
}

absl::Status Worker::Send(Command command) {
  const char letter = static_cast<char>(command);
  return process_->Send({&letter, 1});
}

absl::Status Worker::Wait(Command command) { return Answer(NameOf(command), task_.step_limit); }

absl::Status Worker::Answer(std::string_view doing, std::chrono::milliseconds limit) {
  const absl::StatusOr<char> answer = process_->ReadByte(limit);
  if (!answer.ok()) return answer.status();
  if (*answer == '.') return absl::OkStatus();
  if (*answer == '!') return ReadFailure(doing, limit);
  return absl::InternalError("its answer is none; something else writes to the worker's socket");
}

absl::Status Worker::ReadFailure(std::string_view doing, std::chrono::milliseconds limit) {
  const absl::StatusOr<std::string> line = process_->ReadLine(limit);
  if (!line.ok()) return line.status();
  const absl::StatusOr<WorkerFailure> failure = ParseWorkerFailure(*line);
  if (!failure.ok()) return failure.status();
  if (!failure->traceback.empty()) spdlog::warn("task {}: {}", task_.task, failure->traceback);
  const std::string prefix = failure->doing == doing ? "" : absl::StrCat(failure->doing, ": ");
  return absl::Status(failure->refusal ? absl::StatusCode::kFailedPrecondition : absl::StatusCode::kAborted,
                      absl::StrCat(prefix, failure->what));
}

}  // namespace nmn::bridge
