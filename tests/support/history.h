#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace nmn::testing {

// What a learner's events.jsonl says, and where it breaks the rules of docs/reliability.md: each episode of each
// completed update was accepted once, in the life of the learner that trained on it, before the update began; updates
// follow one another without gap or repetition; generations rise; a restored learner goes on after what it restored.
struct History {
  uint64_t events = 0;
  uint64_t generations = 0;
  uint64_t updates = 0;  // completed
  uint64_t accepted = 0;
  uint64_t duplicates = 0;
  uint64_t rejected = 0;
  std::vector<std::string> violations;  // "line 12: ..."; the first twenty
};

// A last line without its end, left by a kill, is no event.
History ReadHistory(const std::string& events, uint32_t episodes_per_update);

}  // namespace nmn::testing
