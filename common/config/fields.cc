#include "common/config/fields.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::config {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;

// Levenshtein: insertions, deletions and replacements that lead from a to b.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row[b.size()];
}

bool FindPath(const Descriptor& from, const Descriptor& wanted, const std::string& prefix, std::string& path) {
  for (int i = 0; i < from.field_count(); ++i) {
    const FieldDescriptor* field = from.field(i);
    if (field->message_type() == nullptr) continue;
    const std::string here = absl::StrCat(prefix, prefix.empty() ? "" : ".", field->name());
    if (field->message_type() == &wanted) {
      path = here;
      return true;
    }
    if (FindPath(*field->message_type(), wanted, here, path)) return true;
  }
  return false;
}

// "DOMAIN_" of Domain, whose value 0 is DOMAIN_UNSPECIFIED.
std::string EnumPrefix(const EnumDescriptor& type) {
  const std::string& zero = type.value(0)->name();
  return zero.substr(0, zero.size() - std::string_view("UNSPECIFIED").size());
}

}  // namespace

std::vector<std::string> NearNames(const Descriptor& message, std::string_view name) {
  const std::string lower = absl::AsciiStrToLower(std::string(name));
  std::vector<std::pair<size_t, std::string>> near;
  for (int i = 0; i < message.field_count(); ++i) {
    const std::string& candidate = message.field(i)->name();
    const size_t distance = EditDistance(lower, candidate);
    const bool part = lower.size() >= 3 && absl::StrContains(candidate, lower);
    if (part || distance <= std::max<size_t>(1, candidate.size() / 3)) near.emplace_back(distance, candidate);
  }
  std::stable_sort(near.begin(), near.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> names;
  for (const auto& [distance, candidate] : near) {
    if (names.size() < 3) names.push_back(candidate);
  }
  return names;
}

std::string Suggestion(const Descriptor& message, std::string_view name) {
  const std::vector<std::string> near = NearNames(message, name);
  if (!near.empty()) return absl::StrCat("; did you mean ", absl::StrJoin(near, " or "), "?");
  std::vector<std::string> all;
  for (int i = 0; i < message.field_count(); ++i) all.push_back(message.field(i)->name());
  return absl::StrCat("; the fields are ", absl::StrJoin(all, ", "));
}

std::string PathOf(const Descriptor& message) {
  std::string path;
  FindPath(*v1::RunConfig::descriptor(), message, "", path);
  return path;
}

const EnumValueDescriptor* FindEnumValue(const EnumDescriptor& type, std::string_view name) {
  const std::string upper = absl::AsciiStrToUpper(std::string(name));
  for (int i = 0; i < type.value_count(); ++i) {
    const EnumValueDescriptor* value = type.value(i);
    if (value->number() == 0) continue;
    if (value->name() == upper || value->name() == EnumPrefix(type) + upper) return value;
  }
  return nullptr;
}

std::string EnumNames(const EnumDescriptor& type) {
  std::vector<std::string> names;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() != 0) names.push_back(type.value(i)->name());
  }
  return absl::StrJoin(names, ", ");
}

}  // namespace nmn::config
