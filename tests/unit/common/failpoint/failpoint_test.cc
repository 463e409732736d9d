#include "common/failpoint/failpoint.h"

#include <gmock/gmock.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <vector>

namespace nmn::failpoint {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class Failpoints : public ::testing::Test {
 protected:
  void TearDown() override {
    ASSERT_TRUE(Arm("", 0).ok());
    ::unsetenv("NMN_FAILPOINTS");
    ::unsetenv("NMN_FAILPOINT_SEED");
  }
  // The numbers of the hits among the first `hits` that failed.
  static std::vector<int> Failing(int hits, Point point = Point::kSaveBegin) {
    std::vector<int> failing;
    for (int hit = 1; hit <= hits; ++hit) {
      if (!Hit(point).ok()) failing.push_back(hit);
    }
    return failing;
  }
};

TEST_F(Failpoints, NothingHappensWhereNothingIsSet) { EXPECT_TRUE(Hit(Point::kSaveBegin).ok()); }

TEST_F(Failpoints, AnErrorHasItsCodeAndNamesThePointAndTheHit) {
  ASSERT_TRUE(Arm("checkpoint.save.begin=error:UNAVAILABLE", 0).ok());
  ASSERT_FALSE(Hit(Point::kSaveBegin).ok());
  EXPECT_EQ(Hit(Point::kSaveBegin), absl::UnavailableError("failpoint checkpoint.save.begin, hit 2"));
}

TEST_F(Failpoints, AnotherPointIsUnaffected) {
  ASSERT_TRUE(Arm("checkpoint.save.begin=error:UNAVAILABLE", 0).ok());
  EXPECT_TRUE(Hit(Point::kSaveRenamed).ok());
}

TEST_F(Failpoints, SeveralPointsAreSetAtOnce) {
  ASSERT_TRUE(Arm("checkpoint.save.begin=error:UNAVAILABLE;run.update.begin=error:INTERNAL", 0).ok());
  EXPECT_TRUE(absl::IsUnavailable(Hit(Point::kSaveBegin)));
  EXPECT_TRUE(absl::IsInternal(Hit(Point::kUpdateBegin)));
}

TEST_F(Failpoints, HitChoosesOneOrARange) {
  ASSERT_TRUE(Arm("checkpoint.save.begin=hit:3:error:ABORTED", 0).ok());
  EXPECT_EQ(Failing(6), std::vector<int>({3}));
  ASSERT_TRUE(Arm("checkpoint.save.begin=hit:2-4:error:ABORTED", 0).ok());
  EXPECT_EQ(Failing(6), std::vector<int>({2, 3, 4}));
}

TEST_F(Failpoints, OneInSevenIsAboutASeventhAndTheSeedChoosesWhich) {
  const std::string specification = "checkpoint.save.begin=1in:7:error:ABORTED";
  ASSERT_TRUE(Arm(specification, 5).ok());
  const std::vector<int> first = Failing(7000);
  EXPECT_NEAR(static_cast<double>(first.size()), 1000, 120);  // 4 sd
  ASSERT_TRUE(Arm(specification, 5).ok());
  EXPECT_EQ(Failing(7000), first);
  ASSERT_TRUE(Arm(specification, 6).ok());
  EXPECT_NE(Failing(7000), first);
}

TEST_F(Failpoints, DelayWaits) {
  ASSERT_TRUE(Arm("checkpoint.save.begin=delay:20", 0).ok());
  const auto before = std::chrono::steady_clock::now();
  EXPECT_TRUE(Hit(Point::kSaveBegin).ok());
  EXPECT_GE(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(20));
}

TEST_F(Failpoints, CrashIsSigkill) {
  ASSERT_TRUE(Arm("run.published=crash", 0).ok());
  EXPECT_EXIT(Pass(Point::kPublished), ::testing::KilledBySignal(SIGKILL), "failpoint run.published, hit 1: crash");
}

TEST_F(Failpoints, ATypoIsRefusedWithTheKnownNames) {
  const absl::Status status = Arm("checkpoint.save.renam=crash", 0);
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("checkpoint.save.renam=crash"), HasSubstr("checkpoint.save.renamed, ")));
  EXPECT_THAT(std::string(status.message()), Not(HasSubstr("\n")));
}

TEST_F(Failpoints, ABadActionIsRefusedWithTheLegalOnes) {
  for (const char* action :
       {"", "crsh", "crash:1", "delay", "delay:x", "delay:-1", "error", "error:NOPE", "error:OK", "1in:7",
        "1in:0:crash", "1in:x:crash", "hit:0:crash", "hit:4-2:crash", "hit:1-2-3:crash", "hit:2:hit:3:crash"}) {
    const absl::Status status = Arm(std::string("checkpoint.save.begin=") + action, 0);
    EXPECT_THAT(std::string(status.message()), HasSubstr("crash, delay:MILLISECONDS or error:CODE")) << action;
  }
}

TEST_F(Failpoints, AnErrorWherePassingCannotFailIsRefused) {
  EXPECT_THAT(std::string(Arm("run.published=error:UNAVAILABLE", 0).message()), HasSubstr("cannot fail"));
}

TEST_F(Failpoints, ARefusedSpecificationChangesNothing) {
  ASSERT_TRUE(Arm("checkpoint.save.begin=error:UNAVAILABLE", 0).ok());
  ASSERT_FALSE(Arm("checkpoint.save.begin=delay:1;nonsense", 0).ok());
  EXPECT_FALSE(Hit(Point::kSaveBegin).ok());
}

TEST_F(Failpoints, TheEnvironmentSetsThem) {
  ::setenv("NMN_FAILPOINTS", "checkpoint.save.begin=1in:2:error:ABORTED", 1);
  ::setenv("NMN_FAILPOINT_SEED", "5", 1);
  ASSERT_TRUE(ArmFromEnvironment().ok());
  const std::vector<int> failing = Failing(100);
  ASSERT_TRUE(Arm("checkpoint.save.begin=1in:2:error:ABORTED", 5).ok());
  EXPECT_EQ(Failing(100), failing);
  ::setenv("NMN_FAILPOINT_SEED", "five", 1);
  EXPECT_THAT(std::string(ArmFromEnvironment().message()), HasSubstr("NMN_FAILPOINT_SEED is five"));
}

TEST_F(Failpoints, EachPointIsOnThePage) {
  std::ifstream file("docs/reliability.md");
  std::ostringstream page;
  page << file.rdbuf();
  for (const PointInfo& point : kPoints)
    EXPECT_THAT(page.str(), HasSubstr("| `" + std::string(point.name) + "` |")) << point.name;
}

}  // namespace
}  // namespace nmn::failpoint
