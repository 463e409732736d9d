#include "tests/fault/fleet/records.h"

#include <gtest/gtest.h>

#include <numeric>
#include <sstream>
#include <vector>

#include "tests/integration/tiny_run.h"
#include "tests/support/event_file.h"
#include "tests/support/history.h"

namespace nmn::fault {
namespace {

constexpr int kHorizon = 120;  // of a tiny run

void ExpectEpisodes(const std::string& text, int updates, int episodes) {
  std::istringstream lines(text);
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(line.rfind("update,episode,return", 0), 0u) << line;
  int row = 0;
  for (; std::getline(lines, line); ++row) {
    const std::string wanted = std::to_string(row / episodes + 1) + "," + std::to_string(row % episodes) + ",";
    ASSERT_EQ(line.substr(0, wanted.size()), wanted) << "row " << row << " of episodes.csv";
  }
  EXPECT_EQ(row, episodes * updates) << "rows of episodes.csv";
}

void ExpectTensorBoard(const std::string& bytes, int updates, int episodes) {
  const testing::EventFile file = testing::ReadEventFile(bytes);
  EXPECT_EQ(file.error, "");
  EXPECT_EQ(file.versions, 1);
  std::vector<int64_t> steps;
  for (int update = 1; update <= updates; ++update) steps.push_back(int64_t{update} * episodes * kHorizon);
  EXPECT_EQ(file.steps, steps) << "steps of the TensorBoard events";
}

}  // namespace

void ExpectRecords(const std::string& directory, int updates, int episodes_per_update) {
  std::vector<int> each(static_cast<size_t>(updates));
  std::iota(each.begin(), each.end(), 1);
  EXPECT_EQ(testing::UpdatesInMetrics(directory), each);
  ExpectEpisodes(testing::ReadFile(directory + "/episodes.csv"), updates, episodes_per_update);
  ExpectTensorBoard(testing::ReadFile(directory + "/events.out.tfevents.nmn"), updates, episodes_per_update);
  const std::string events = testing::ReadFile(directory + "/events.jsonl");
  if (events.empty()) return;
  const testing::History history = testing::ReadHistory(events, static_cast<uint32_t>(episodes_per_update));
  EXPECT_EQ(history.updates, static_cast<uint64_t>(updates));
  for (const std::string& violation : history.violations) ADD_FAILURE() << "events.jsonl, " << violation;
}

}  // namespace nmn::fault
