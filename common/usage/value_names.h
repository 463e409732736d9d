#pragma once

#include <map>
#include <string>
#include <vector>

#include "common/usage/description.h"

namespace nmn::usage {

// A name for each set of words of a program, to be written once however many flags take them: "TASK", and "TASK_2"
// where the flags of that name take other words too.
class ValueNames {
 public:
  explicit ValueNames(const Verb& program);

  // "" where the value has no words.
  std::string NameOf(const Value& value) const;
  // In the order in which they are met.
  struct Named {
    std::string name;
    std::vector<std::string> words;
  };
  const std::vector<Named>& all() const { return all_; }

 private:
  void Add(const Value& value);

  std::map<std::string, int> count_;  // of each name before its number
  std::vector<Named> all_;
};

}  // namespace nmn::usage
