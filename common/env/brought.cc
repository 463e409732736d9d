#include "common/env/brought.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace nmn::env {
namespace {

std::unique_ptr<const BroughtTask>& Slot() {
  static auto& slot = *new std::unique_ptr<const BroughtTask>();
  return slot;
}

}  // namespace

absl::Status Bring(BroughtTask task) {
  if (FindSpec(task.spec.name).ok())
    return absl::AlreadyExistsError(absl::StrCat("there is a task ", task.spec.name, " already; give it another name"));
  Slot() = std::make_unique<const BroughtTask>(std::move(task));
  return absl::OkStatus();
}

const BroughtTask* Brought() { return Slot().get(); }

const BroughtTask* FindBrought(std::string_view name) {
  return Brought() != nullptr && Brought()->spec.name == name ? Brought() : nullptr;
}

}  // namespace nmn::env
