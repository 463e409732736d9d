#include "learner/run/stuck_watchdog.h"

#include <gtest/gtest.h>

#include <future>

namespace nmn::run {
namespace {

TEST(StuckRule, WaitingForActorsIsNotStuck) {
  StuckRule rule(600);
  EXPECT_EQ(rule.Deadline(), std::nullopt);
  rule.Work(0);
  rule.Wait(30);
  EXPECT_EQ(rule.Deadline(), std::nullopt);
}

TEST(StuckRule, AStepMayTakeTheLeastAtLeast) {
  StuckRule rule(600);
  rule.Work(100);
  EXPECT_EQ(rule.Deadline(), 700);
  rule.Work(110);  // a step of 10 s; ten times that is less
  EXPECT_EQ(rule.Deadline(), 710);
}

TEST(StuckRule, AStepMayTakeTenTimesTheLongestSoFar) {
  StuckRule rule(600);
  rule.Work(0);
  rule.Work(200);
  rule.Work(210);
  EXPECT_EQ(rule.Deadline(), 210 + 2000);
}

TEST(StuckRule, ALimitThatWasAskedForIsNotStretched) {
  StuckRule rule(5, 0);
  rule.Work(0);
  rule.Work(200);
  EXPECT_EQ(rule.Deadline(), 205);
}

TEST(StuckRule, TimeSpentWaitingIsNoStep) {
  StuckRule rule(600);
  rule.Work(0);
  rule.Wait(5);
  rule.Work(100'000);
  EXPECT_EQ(rule.Deadline(), 100'600);
}

TEST(StuckWatchdog, TellsOnceThatTheRunIsStuckAndOnceThatItGoesOn) {
  std::promise<void> stuck, going_on;
  StuckWatchdog watchdog(StuckRule(0.05), [&](bool is_stuck) { (is_stuck ? stuck : going_on).set_value(); });
  watchdog.Work();
  stuck.get_future().get();
  watchdog.Wait();
  EXPECT_EQ(going_on.get_future().wait_for(std::chrono::seconds(0)), std::future_status::ready);
}

}  // namespace
}  // namespace nmn::run
