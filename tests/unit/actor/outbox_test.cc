#include "actor/outbox.h"

#include <gtest/gtest.h>

namespace nmn::actor {
namespace {

v1::Trajectory Message(uint32_t first, size_t payload = 100) {
  v1::Trajectory trajectory;
  trajectory.mutable_unit()->set_update(1);
  trajectory.mutable_unit()->set_first_episode(first);
  trajectory.mutable_unit()->set_count(1);
  trajectory.set_first_episode(first);
  trajectory.set_count(1);
  trajectory.add_blocks()->set_data(std::string(payload, 'x'));
  return trajectory;
}

v1::Acknowledgement AcknowledgementOf(const v1::Trajectory& trajectory) {
  v1::Acknowledgement acknowledgement;
  *acknowledgement.mutable_unit() = trajectory.unit();
  acknowledgement.set_first_episode(trajectory.first_episode());
  acknowledgement.set_credit_bytes(trajectory.ByteSizeLong());
  return acknowledgement;
}

TEST(Outbox, SendsInOrderAndEachOnce) {
  Outbox outbox;
  outbox.Rewind(1 << 20);
  outbox.Add(Message(3));
  outbox.Add(Message(1));
  EXPECT_EQ(outbox.Next()->first_episode(), 3u);
  EXPECT_EQ(outbox.Next()->first_episode(), 1u);
  EXPECT_EQ(outbox.Next(), nullptr);
}

TEST(Outbox, HoldsBackWhatTheCreditsDoNotCover) {
  Outbox outbox;
  outbox.Rewind(250);
  for (uint32_t e = 0; e < 3; ++e) outbox.Add(Message(e));
  const auto first = outbox.Next();
  ASSERT_NE(outbox.Next(), nullptr);
  EXPECT_EQ(outbox.Next(), nullptr);
  outbox.Acknowledge(AcknowledgementOf(*first));
  EXPECT_EQ(outbox.Next()->first_episode(), 2u);
}

TEST(Outbox, AMessageLargerThanAllCreditGoesAlone) {
  Outbox outbox;
  outbox.Rewind(10);
  outbox.Add(Message(0));
  outbox.Add(Message(1));
  EXPECT_NE(outbox.Next(), nullptr);
  EXPECT_EQ(outbox.Next(), nullptr);
}

TEST(Outbox, SendsAgainWhatIsNotAcknowledgedAfterTheStreamBroke) {
  Outbox outbox;
  outbox.Rewind(1 << 20);
  outbox.Add(Message(0));
  outbox.Add(Message(1));
  const auto first = outbox.Next();
  outbox.Next();
  outbox.Acknowledge(AcknowledgementOf(*first));
  outbox.Rewind(1 << 20);
  EXPECT_EQ(outbox.Next()->first_episode(), 1u);
  EXPECT_EQ(outbox.Next(), nullptr);
}

TEST(Outbox, IsEmptyWhenAllIsAcknowledged) {
  Outbox outbox;
  outbox.Rewind(1 << 20);
  outbox.Add(Message(0));
  const auto sent = outbox.Next();
  outbox.Acknowledge(AcknowledgementOf(*sent));
  outbox.Acknowledge(AcknowledgementOf(*sent));
  EXPECT_TRUE(outbox.empty());
}

TEST(Outbox, SendsAUnitAgainThatIsAskedForAgain) {
  Outbox outbox;
  outbox.Rewind(1 << 20);
  outbox.Add(Message(0));
  const auto sent = outbox.Next();
  EXPECT_EQ(outbox.Next(), nullptr);
  EXPECT_TRUE(outbox.SendAgain(sent->unit()));
  EXPECT_EQ(outbox.Next(), sent);
  outbox.Acknowledge(AcknowledgementOf(*sent));
  EXPECT_FALSE(outbox.SendAgain(sent->unit()));
}

}  // namespace
}  // namespace nmn::actor
