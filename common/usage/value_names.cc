#include "common/usage/value_names.h"

#include <cctype>

#include "absl/strings/str_cat.h"

namespace nmn::usage {

ValueNames::ValueNames(const Verb& program) {
  for (const Verb* verb : AllVerbs(program)) {
    for (const Flag& flag : verb->flags) Add(flag.value);
    for (const Operand& operand : verb->operands) Add(operand.value);
  }
}

void ValueNames::Add(const Value& value) {
  if (value.words.empty() || !NameOf(value).empty()) return;
  const std::string name = Identifier(value.name);
  const int number = ++count_[name];
  all_.push_back({number == 1 ? name : absl::StrCat(name, "_", number), value.words});
}

std::string ValueNames::NameOf(const Value& value) const {
  if (value.words.empty()) return "";
  const std::string name = Identifier(value.name);
  for (const Named& named : all_) {
    if (named.words == value.words && named.name.compare(0, name.size(), name) == 0) return named.name;
  }
  return "";
}

}  // namespace nmn::usage
