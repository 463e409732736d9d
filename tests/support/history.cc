#include "tests/support/history.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

namespace nmn::testing {
namespace {

constexpr size_t kMostViolations = 20;

class Reader {
 public:
  explicit Reader(uint32_t episodes) : episodes_(episodes) {}

  void Read(const std::string& text) {
    ++line_;
    ++history_.events;
    const nlohmann::json event = nlohmann::json::parse(text, nullptr, false);
    if (event.is_discarded() || !event.contains("event")) return Violation("is no event");
    const std::string kind = event["event"];
    if (kind == "generation") return Generation(event["generation"]);
    if (kind == "restored") return Expect(event["update"] == history_.updates, "restored something else than the last");
    if (kind == "granted") return Expect(event["update"] > history_.updates, "granted a unit that was trained on");
    if (kind == "accepted") return Accepted(event);
    if (kind == "update_begun") return Begun(event["update"]);
    if (kind == "update_done") return Done(event["update"]);
    if (kind == "checkpoint_saved")
      return Expect(event["update"] == history_.updates, "saved something else than the last update");
    if (kind == "duplicate") {
      ++history_.duplicates;
    } else if (kind == "rejected") {
      ++history_.rejected;
    } else {
      Violation("is an unknown event");
    }
  }

  History Finish() { return std::move(history_); }

 private:
  void Violation(const std::string& what) {
    if (history_.violations.size() < kMostViolations)
      history_.violations.push_back("line " + std::to_string(line_) + ": " + what);
  }
  void Expect(bool holds, const std::string& otherwise) {
    if (!holds) Violation(otherwise);
  }

  void Generation(uint32_t generation) {
    Expect(generation > generation_, "generation " + std::to_string(generation) + " is not above the one before");
    generation_ = generation;
    ++history_.generations;
    taken_.clear();
    begun_ = 0;
  }

  void Accepted(const nlohmann::json& event) {
    ++history_.accepted;
    const uint32_t update = event["update"];
    const uint32_t first = event["first_episode"];
    const uint32_t count = event["count"];
    Expect(event["generation"] == generation_, "accepted a message of another generation");
    Expect(update > history_.updates, "accepted an episode of a completed update");
    if (uint64_t{first} + count > episodes_) return Violation("accepted episodes that no update has");
    std::vector<bool>& taken = taken_[update];
    taken.resize(episodes_);
    uint32_t new_episodes = 0;
    for (uint32_t e = first; e < first + count; ++e) {
      new_episodes += taken[e] ? 0 : 1;
      taken[e] = true;
    }
    Expect(new_episodes > 0 && event["new"] == new_episodes, "took episodes a second time, or not all");
  }

  void Begun(uint32_t update) {
    Expect(update == history_.updates + 1,
           "began update " + std::to_string(update) + " after update " + std::to_string(history_.updates));
    std::vector<bool>& taken = taken_[update];
    taken.resize(episodes_);
    Expect(std::count(taken.begin(), taken.end(), true) == episodes_,
           "began update " + std::to_string(update) + " without all of its episodes");
    begun_ = update;
  }

  void Done(uint32_t update) {
    Expect(begun_ == update, "completed an update that was not begun");
    begun_ = 0;
    history_.updates = update;
    taken_.erase(taken_.begin(), taken_.upper_bound(update));
  }

  const uint32_t episodes_;
  History history_;
  uint64_t line_ = 0;
  uint32_t generation_ = 0;
  uint32_t begun_ = 0;
  std::map<uint32_t, std::vector<bool>> taken_;  // by update: the episodes that are there
};

}  // namespace

History ReadHistory(const std::string& events, uint32_t episodes_per_update) {
  Reader reader(episodes_per_update);
  size_t begin = 0;
  for (size_t end; (end = events.find('\n', begin)) != std::string::npos; begin = end + 1)
    reader.Read(events.substr(begin, end - begin));
  return reader.Finish();
}

}  // namespace nmn::testing
