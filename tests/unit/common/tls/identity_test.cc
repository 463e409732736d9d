#include "common/tls/identity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace nmn::tls {
namespace {

using ::testing::HasSubstr;

TEST(Identity, IsReadAsItIsWritten) {
  for (const char* uri : {"nmn://actor/a", "nmn://actor/fleet-*", "nmn://learner/gpu1.lab.example",
                          "nmn://learner/192.0.2.7", "nmn://learner/::1", "nmn://operator/ann-2"}) {
    const auto identity = ParseIdentity(uri);
    ASSERT_TRUE(identity.ok()) << uri << ": " << identity.status();
    EXPECT_EQ(ToString(*identity), uri);
  }
}

TEST(Identity, AnythingElseIsRefused) {
  for (const std::string& uri :
       {std::string(""), std::string("nmn://"), std::string("nmn://actor"), std::string("nmn://actor/"),
        std::string("nmn://actor/A"), std::string("nmn://actor/a/b"), std::string("nmn://actor/*"),
        std::string("nmn://actor/a*b"), std::string("nmn://actor/a**"), std::string("nmn://operator/ops-*"),
        std::string("nmn://learner/a b"), std::string("nmn://trainer/a"), std::string("nmn://actors/a"),
        std::string("NMN://actor/a"), std::string("spiffe://actor/a"), std::string("nmn://actor/a\0b", 15),
        "nmn://actor/" + std::string(65, 'a'), "nmn://actor/" + std::string(48, 'a') + "*"}) {
    const auto identity = ParseIdentity(uri);
    EXPECT_FALSE(identity.ok()) << uri;
    EXPECT_THAT(std::string(identity.status().message()), HasSubstr("nmn://actor/ID"));
  }
}

TEST(Identity, AnActorIsTheOneOfItsCertificateOrOneBelowItsPrefix) {
  const Identity one = *ParseIdentity("nmn://actor/fleet-1"), fleet = *ParseIdentity("nmn://actor/fleet-*");
  EXPECT_TRUE(one.MayBeActor("fleet-1"));
  EXPECT_FALSE(one.MayBeActor("fleet-11"));
  EXPECT_FALSE(one.MayBeActor("fleet-"));
  EXPECT_FALSE(one.MayBeActor(""));
  EXPECT_TRUE(fleet.MayBeActor("fleet-1"));
  EXPECT_FALSE(fleet.MayBeActor("fleet-"));
  EXPECT_FALSE(fleet.MayBeActor("fleet-*"));
  EXPECT_FALSE(fleet.MayBeActor("other-1"));
  EXPECT_FALSE(ParseIdentity("nmn://operator/a")->MayBeActor("a"));
  EXPECT_FALSE(ParseIdentity("nmn://learner/a")->MayBeActor("a"));
}

TEST(Identity, ACertificateHasExactlyOne) {
  EXPECT_EQ(ToString(*FindIdentity({"spiffe://x/y", "nmn://actor/a"})), "nmn://actor/a");
  EXPECT_THAT(std::string(FindIdentity({"spiffe://x/y"}).status().message()), HasSubstr("nobody"));
  EXPECT_THAT(std::string(FindIdentity({"nmn://actor/a", "nmn://operator/b"}).status().message()),
              HasSubstr("nmn://actor/a and nmn://operator/b"));
}

}  // namespace
}  // namespace nmn::tls
