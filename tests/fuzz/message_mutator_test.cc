#include "tests/fuzz/message_mutator.h"

#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/fuzz/inputs.pb.h"

namespace nmn::fuzz {
namespace {

TEST(MessageMutator, ReachesEveryFieldOfWhatAnActorSays) {
  std::mt19937_64 draw(1);
  std::set<std::string> missing = {"hello",   "trajectory", "heartbeat", "leaving", "register",
                                   "hang_up", "sha256",     "values",    "shape",   "discrete"};
  Session session;
  for (int i = 0; i < 200'000 && !missing.empty(); ++i) {
    if (i % 300 == 0) session.Clear();
    Mutate(session, draw);
    if (i % 20 != 0) continue;
    const std::string text = session.DebugString();
    std::erase_if(missing, [&](const std::string& field) { return text.find(field) != std::string::npos; });
  }
  EXPECT_TRUE(missing.empty()) << *missing.begin();
}

TEST(MessageMutator, WhatItMakesReadsBackAsPrinted) {
  std::mt19937_64 draw(2);
  Session session;
  for (int i = 0; i < 2000; ++i) {
    if (i % 200 == 0) session.Clear();
    Mutate(session, draw);
    std::string text;
    ASSERT_TRUE(google::protobuf::TextFormat::PrintToString(session, &text));
    Session again;
    ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &again)) << text;
  }
}

TEST(MessageMutator, OneSeedIsOneHistory) {
  std::mt19937_64 a(3), b(3);
  Session one, other;
  for (int i = 0; i < 500; ++i) {
    Mutate(one, a);
    Mutate(other, b);
  }
  EXPECT_EQ(one.SerializeAsString(), other.SerializeAsString());
}

}  // namespace
}  // namespace nmn::fuzz
