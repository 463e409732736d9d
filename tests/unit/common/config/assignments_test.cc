#include "common/config/assignments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/config/config.h"

namespace nmn::config {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(Assignments, AreWhatSetTakes) {
  const absl::StatusOr<v1::RunConfig> preset = Preset("reference", "b1", "nmn");
  ASSERT_TRUE(preset.ok()) << preset.status();
  std::vector<std::string> all = Assignments();
  for (const std::string& word : TaskAssignments()) all.push_back(word);
  for (const std::string& word : all) {
    v1::RunConfig config = *preset;
    // "1" is a number, a text, and a list of either.
    const absl::Status status = Set(word.back() == '=' ? word + "1" : word, config);
    EXPECT_TRUE(status.ok()) << word << ": " << status;
  }
}

TEST(Assignments, HaveTheFieldsOfEveryGroupAndTheValuesOfThoseWithFew) {
  EXPECT_THAT(Assignments(),
              AllOf(Contains("seed="), Contains("ppo.discount="), Contains("ppo.kl_penalty.kl_target="),
                    Contains("env.domain=reference"), Contains("env.domain=paper"), Contains("mode=async")));
  EXPECT_THAT(Assignments(), Each(AllOf(Not(StartsWith("task.")), Not(StartsWith("benchmark")),
                                        Not(StartsWith("preset")), Not(HasSubstr("unspecified")))));
  EXPECT_THAT(TaskAssignments(), AllOf(Contains("task.horizon="), Each(StartsWith("task."))));
}

}  // namespace
}  // namespace nmn::config
