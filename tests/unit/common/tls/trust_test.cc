#include "common/tls/trust.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/lab.h"

namespace nmn::tls {
namespace {

using ::nmn::testing::kDay;
using ::nmn::testing::Lab;
using ::testing::AllOf;
using ::testing::HasSubstr;

class TrustTest : public ::testing::Test {
 protected:
  Verdict Judge(const KeyPair& pair, std::set<std::string> revoked = {}) const {
    return Trust({lab_.authority().certificate}, std::move(revoked)).JudgeClient(pair.certificate, {}, UnixNow());
  }
  void ExpectRefused(const Verdict& verdict, Refusal refusal, bool known, const std::string& words) const {
    ASSERT_TRUE(verdict.refusal.has_value());
    EXPECT_EQ(*verdict.refusal, refusal) << verdict.sentence;
    EXPECT_EQ(verdict.known, known) << verdict.sentence;
    EXPECT_THAT(verdict.sentence, HasSubstr(words));
  }

  const Lab lab_;
};

TEST_F(TrustTest, WhatTheAuthoritySignedCounts) {
  const Verdict verdict = Judge(lab_.Issue("nmn://actor/a"));
  EXPECT_TRUE(verdict.accepted()) << verdict.sentence;
  EXPECT_EQ(ToString(verdict.identity), "nmn://actor/a");
}

TEST_F(TrustTest, DatesAreThoseOfTheClockThatIsGiven) {
  const KeyPair pair = lab_.Issue("nmn://actor/a", 0, kDay);
  const Trust trust({lab_.authority().certificate}, {});
  const int64_t begin = pair.certificate.not_before(), end = pair.certificate.not_after();
  EXPECT_TRUE(trust.JudgeClient(pair.certificate, {}, begin).accepted());
  EXPECT_TRUE(trust.JudgeClient(pair.certificate, {}, end - 1).accepted());
  ExpectRefused(trust.JudgeClient(pair.certificate, {}, begin - 1), Refusal::kNotYetValid, true,
                "is not valid before " + FormatTime(begin));
  ExpectRefused(trust.JudgeClient(pair.certificate, {}, end + 1), Refusal::kExpired, true,
                "expired on " + FormatTime(end));
}

// Nobody hears why who has no key of a certificate of ours, however that looks.
TEST_F(TrustTest, StrangersAreNotKnown) {
  const Lab other;
  ExpectRefused(Judge(other.Issue("nmn://actor/a")), Refusal::kUnknownAuthority, false, "another authority");
  ExpectRefused(Judge(other.Issue("nmn://actor/a", -2 * kDay, -kDay)), Refusal::kUnknownAuthority, false,
                "another authority");
  ExpectRefused(Judge(*IssueSelfSigned(Lab::Request("nmn://actor/a"))), Refusal::kSelfSigned, false, "signs itself");
}

TEST_F(TrustTest, AnAuthorityThatEndedMakesNobodyKnown) {
  const int64_t now = UnixNow();
  const KeyPair old = *MakeAuthority("old", now - 3 * kDay, now - kDay);
  const KeyPair pair = *Issue(old, Lab::Request("nmn://actor/a"));
  const Verdict verdict = Trust({old.certificate}, {}).JudgeClient(pair.certificate, {}, now);
  EXPECT_FALSE(verdict.accepted());
  EXPECT_FALSE(verdict.known);
}

// A host's name goes into it.
TEST_F(TrustTest, TheNameOfAnAuthorityIsPrintableAscii) {
  const auto made = MakeAuthority("host \xff\xfe\n1", UnixNow(), UnixNow() + kDay);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->certificate.subject(), "CN = host ???1");
}

TEST_F(TrustTest, TheRevokedAreRefused) {
  const KeyPair pair = lab_.Issue("nmn://actor/a");
  ExpectRefused(Judge(pair, {pair.certificate.serial()}), Refusal::kRevoked, true,
                "nmn://actor/a (serial " + pair.certificate.serial() + ") is revoked");
  EXPECT_TRUE(Judge(lab_.Issue("nmn://actor/a"), {pair.certificate.serial()}).accepted());
}

TEST_F(TrustTest, ACertificateMustSayWhoseItIs) {
  ExpectRefused(Judge(lab_.Issue("https://actor/a")), Refusal::kNoIdentity, true, "of nobody");
  CertificateRequest two = Lab::Request("nmn://actor/a");
  two.uris.push_back("nmn://operator/b");
  ExpectRefused(Judge(lab_.Sign(two)), Refusal::kNoIdentity, true, "one identity");
}

TEST_F(TrustTest, ACertificateCannotSignAnother) {
  const KeyPair pair = lab_.Issue("nmn://actor/a");
  const KeyPair below = *Issue(pair, Lab::Request("nmn://operator/b"));
  const Verdict verdict =
      Trust({lab_.authority().certificate}, {}).JudgeClient(below.certificate, {pair.certificate}, UnixNow());
  EXPECT_FALSE(verdict.accepted());
  EXPECT_FALSE(verdict.known);
}

TEST_F(TrustTest, OneOfSeveralAuthoritiesIsEnough) {
  const Lab other;
  const Trust trust({lab_.authority().certificate, other.authority().certificate}, {});
  for (const Lab* lab : {&lab_, &other})
    EXPECT_TRUE(trust.JudgeClient(lab->Issue("nmn://actor/a").certificate, {}, UnixNow()).accepted());
}

TEST_F(TrustTest, AServerMustBeALearnerThatNamesTheHost) {
  const Trust trust({lab_.authority().certificate}, {});
  CertificateRequest request =
      RequestFor(*ParseIdentity("nmn://learner/gpu1"), {"gpu1", "gpu1.lab.example", "192.0.2.7"}, UnixNow(), 1);
  const Certificate certificate = lab_.Sign(request).certificate;
  for (const char* host :
       {"gpu1", "gpu1.lab.example", "GPU1.lab.example", "192.0.2.7", "127.0.0.1", "::1", "localhost"}) {
    const Verdict verdict = trust.JudgeServer(certificate, {}, UnixNow(), host);
    EXPECT_TRUE(verdict.accepted()) << host << ": " << verdict.sentence;
  }
  for (const char* host : {"gpu2", "lab.example", "192.0.2.8", "", "1"}) {
    ExpectRefused(trust.JudgeServer(certificate, {}, UnixNow(), host), Refusal::kWrongHost, true,
                  "is for gpu1, gpu1.lab.example, localhost, 192.0.2.7, 127.0.0.1, ::1, not for");
  }
  // An operator's certificate is no server's. An actor's is, of its metrics, but no learner's.
  ExpectRefused(trust.JudgeServer(lab_.Issue("nmn://operator/ann").certificate, {}, UnixNow(), "localhost"),
                Refusal::kUnfit, false, "is not taken");
  ExpectRefused(trust.JudgeServer(lab_.Issue("nmn://actor/a").certificate, {}, UnixNow(), "localhost"),
                Refusal::kWrongRole, true, "is no learner's");
}

TEST(Revoked, AreSerialNumbersOneALine) {
  const auto revoked = ParseRevoked("# lost laptop\n0A1b  # actor-7\n\n  ff\r\n");
  ASSERT_TRUE(revoked.ok()) << revoked.status();
  EXPECT_THAT(*revoked, ::testing::ElementsAre("0a1b", "ff"));
  const auto bad = ParseRevoked("ff\nnmn://actor/a\n");
  EXPECT_THAT(std::string(bad.status().message()), AllOf(HasSubstr("line 2"), HasSubstr("nmn certs show")));
}

}  // namespace
}  // namespace nmn::tls
