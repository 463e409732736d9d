#include "learner/service/address_table.h"

#include <gtest/gtest.h>

namespace nmn::service {
namespace {

TEST(PeerAddress, IsTheAddressWithoutItsPort) {
  EXPECT_EQ(PeerAddress("ipv4:192.0.2.7:41234"), "192.0.2.7");
  EXPECT_EQ(PeerAddress("ipv6:%5B::1%5D:41234"), "::/64");
  EXPECT_EQ(PeerAddress("ipv6:[2001:db8:1:2:3:4:5:6]:41234"), "2001:db8:1:2::/64");
  EXPECT_EQ(PeerAddress("ipv6:%5B2001:db8:1:2:ffff::9%5D:80"), "2001:db8:1:2::/64");  // one host may have all of it
  EXPECT_EQ(PeerAddress("ipv6:%5Bfe80::1%25eth0%5D:80"), "fe80::/64");
  EXPECT_EQ(PeerAddress("ipv6:%5B::ffff:192.0.2.7%5D:80"), "192.0.2.7");
  EXPECT_EQ(PeerAddress("inproc"), "");
  EXPECT_EQ(PeerAddress("unix:/run/x"), "");
  EXPECT_EQ(PeerAddress(""), "");
}

TEST(AddressTable, StreamsAreCountedByAddress) {
  AddressTable table(2, 0);
  EXPECT_TRUE(table.OpenStream("a", 0));
  EXPECT_TRUE(table.OpenStream("a", 0));
  EXPECT_FALSE(table.OpenStream("a", 0));
  EXPECT_TRUE(table.OpenStream("b", 0));
  table.CloseStream("a");
  EXPECT_TRUE(table.OpenStream("a", 0));
  EXPECT_FALSE(table.OpenStream("a", 1000));  // time gives none back
}

TEST(AddressTable, RegistrationsComeBackWithinAMinute) {
  AddressTable table(0, 60);
  for (int i = 0; i < 60; ++i) EXPECT_TRUE(table.Register("a", 0)) << i;
  EXPECT_FALSE(table.Register("a", 0));
  EXPECT_TRUE(table.Register("b", 0));
  EXPECT_FALSE(table.Register("a", 0.5));
  EXPECT_TRUE(table.Register("a", 1.5));  // one a second
  EXPECT_FALSE(table.Register("a", 1.5));
  for (int i = 0; i < 60; ++i) EXPECT_TRUE(table.Register("a", 1000)) << i;  // and never more than 60 at once
  EXPECT_FALSE(table.Register("a", 1000));
}

TEST(AddressTable, ZeroIsNoLimitAndSoIsNoAddress) {
  AddressTable none(0, 0), one(1, 1);
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(none.OpenStream("a", 0));
    EXPECT_TRUE(none.Register("a", 0));
    EXPECT_TRUE(one.OpenStream("", 0));
    EXPECT_TRUE(one.Register("", 0));
  }
}

TEST(AddressTable, RemembersNobodyOfWhomThereIsNothingToKnow) {
  AddressTable table(0, 60);
  ASSERT_TRUE(table.OpenStream("open", 0));
  for (int i = 0; i < 100'000; ++i) ASSERT_TRUE(table.Register(std::to_string(i), i));
  EXPECT_LE(table.size(), 2048u);
  table.CloseStream("open");  // it is still there
  EXPECT_TRUE(table.OpenStream("open", 100'000));
}

}  // namespace
}  // namespace nmn::service
