#include "common/tls/tls.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/lab.h"

namespace nmn::tls {
namespace {

using ::nmn::testing::FilesIn;
using ::nmn::testing::kDay;
using ::nmn::testing::Lab;
using ::nmn::testing::WriteFile;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr std::chrono::milliseconds kOften(5);
constexpr std::chrono::seconds kPatience(20);

std::string Message(const Files& files) { return std::string(LoadMaterial(files, UnixNow()).status().message()); }

std::string Content(const std::string& path) {
  std::ostringstream content;
  content << std::ifstream(path).rdbuf();
  return content.str();
}

// Looks again and again at what another thread changes.
template <typename Condition>
bool Eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

TEST(Material, FilesThatDoNotFitTogetherAreRefusedByName) {
  const Lab lab, other;
  const std::string good = lab.Write("good", lab.Issue("nmn://actor/a"));
  EXPECT_TRUE(LoadMaterial(FilesIn(good), UnixNow()).ok()) << Message(FilesIn(good));

  Files files = FilesIn(good);
  files.key = lab.path() + "/nothing";
  EXPECT_THAT(Message(files), HasSubstr("--tls_key=" + files.key));
  files = FilesIn(good);
  files.key = lab.Write("another", lab.Issue("nmn://actor/a")) + "/tls.key";
  EXPECT_THAT(Message(files),
              AllOf(HasSubstr("--tls_key=" + files.key), HasSubstr("not the key of"), HasSubstr("nmn certs issue")));
  files = FilesIn(good);
  files.authority = other.Write("other", other.Issue("nmn://actor/a")) + "/ca.crt";
  EXPECT_THAT(Message(files), AllOf(HasSubstr("--tls_cert=" + files.certificate), HasSubstr("another authority")));
  files = FilesIn(good);
  files.certificate = good + "/tls.key";
  EXPECT_THAT(Message(files), AllOf(HasSubstr("--tls_cert="), HasSubstr("no certificate in it")));
  files = FilesIn(good);
  files.key = good + "/tls.crt";
  EXPECT_THAT(Message(files), AllOf(HasSubstr("--tls_key="), HasSubstr("no private key")));
  files = FilesIn(good);
  files.revoked = lab.path() + "/revoked";
  WriteFile(files.revoked, "zz\n");
  EXPECT_THAT(Message(files), AllOf(HasSubstr("--tls_revoked=" + files.revoked), HasSubstr("line 1")));
  files.authority = "/dev/zero";
  EXPECT_THAT(Message(files), HasSubstr("/dev/zero"));

  EXPECT_THAT(Message(FilesIn(lab.Write("old", lab.Issue("nmn://actor/a", -2 * kDay, -kDay)))),
              HasSubstr("expired on"));
  EXPECT_THAT(Message(FilesIn(lab.Write("early", lab.Issue("nmn://actor/a", kDay, 2 * kDay)))),
              HasSubstr("not valid before"));
  EXPECT_THAT(Message(FilesIn(lab.Write("unnamed", lab.Issue("https://a")))), HasSubstr("of nobody"));
}

TEST(Material, ATruncatedFileIsRefused) {
  const Lab lab;
  const std::string folder = lab.Write("a", lab.Issue("nmn://actor/a"));
  for (const char* name : {"/tls.crt", "/tls.key", "/ca.crt"}) {
    const std::string whole = Content(folder + name);
    for (const size_t size : {size_t{0}, size_t{1}, whole.size() / 2, whole.size() - 20}) {
      WriteFile(folder + name, whole.substr(0, size));
      EXPECT_FALSE(LoadMaterial(FilesIn(folder), UnixNow()).ok()) << name << " cut to " << size;
    }
    WriteFile(folder + name, whole);
  }
  EXPECT_TRUE(LoadMaterial(FilesIn(folder), UnixNow()).ok());
}

TEST(Tls, CiphersThatGrpcCannotUseAreRefusedByName) {
  const Lab lab;
  const Tls::Options options{.files = FilesIn(lab.Write("a", lab.Issue("nmn://actor/a")))};
  ASSERT_EQ(setenv("GRPC_SSL_CIPHER_SUITES", "garbage", 1), 0);
  const absl::Status refused = Tls::Open(options).status();
  ASSERT_EQ(setenv("GRPC_SSL_CIPHER_SUITES", "ECDHE-ECDSA-AES256-GCM-SHA384", 1), 0);
  const absl::Status taken = Tls::Open(options).status();
  ASSERT_EQ(unsetenv("GRPC_SSL_CIPHER_SUITES"), 0);
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.message()), HasSubstr("GRPC_SSL_CIPHER_SUITES is \"garbage\""));
  EXPECT_TRUE(taken.ok()) << taken;
}

TEST(Tls, TakesUpANewCertificateAndKeepsTheOldOneWhereTheNewOneIsBroken) {
  const Lab lab, other;
  const std::string folder = lab.Write("a", lab.Issue("nmn://actor/a"));
  const auto tls = *Tls::Open({.files = FilesIn(folder), .look_every = kOften});
  const std::string first = tls->material()->certificate.serial();
  EXPECT_EQ(Content(tls->identity_path()), tls->material()->key_and_chain);
  EXPECT_EQ(Content(tls->authorities_path()), lab.ca_pem());
  EXPECT_EQ(tls->state().certificate_ends, tls->material()->certificate.not_after());

  const KeyPair second = lab.Issue("nmn://actor/a", -kDay, 40 * kDay);
  lab.Write("a", second);
  ASSERT_TRUE(Eventually([&] { return tls->state().reloads == 1; }));
  EXPECT_EQ(tls->material()->certificate.serial(), second.certificate.serial());
  EXPECT_EQ(tls->state().certificate_ends, second.certificate.not_after());
  EXPECT_EQ(Content(tls->identity_path()), second.key.pem() + second.certificate.pem());
  EXPECT_FALSE(tls->state().broken);

  WriteFile(folder + "/tls.crt", "nonsense");
  ASSERT_TRUE(Eventually([&] { return tls->state().broken; }));
  EXPECT_EQ(tls->material()->certificate.serial(), second.certificate.serial());
  EXPECT_EQ(Content(tls->identity_path()), second.key.pem() + second.certificate.pem());

  lab.Write("a", other.Issue("nmn://actor/a"));  // of another authority

  const KeyPair third = lab.Issue("nmn://actor/a");
  lab.Write("a", third);
  ASSERT_TRUE(Eventually([&] { return tls->state().reloads == 2; }));
  EXPECT_FALSE(tls->state().broken);
  EXPECT_EQ(tls->material()->certificate.serial(), third.certificate.serial());
  EXPECT_NE(first, third.certificate.serial());
}

TEST(Tls, ACertificateOfAnotherRoleIsRefusedAtTheStartAndLater) {
  const Lab lab;
  const std::string folder = lab.Write("learner", lab.Issue("nmn://actor/a"));
  EXPECT_THAT(std::string(Tls::Open({.files = FilesIn(folder), .role = Role::kLearner}).status().message()),
              HasSubstr("/tls.crt: it is the certificate of nmn://actor/a, and a learner needs one of its own"));
  lab.Write("learner", lab.Issue("nmn://learner/localhost"));
  const auto tls = *Tls::Open({.files = FilesIn(folder), .role = Role::kLearner, .look_every = kOften});
  lab.Write("learner", lab.Issue("nmn://operator/ann"));
  ASSERT_TRUE(Eventually([&] { return tls->state().broken; }));
  EXPECT_EQ(ToString(tls->material()->identity), "nmn://learner/localhost");
}

TEST(Tls, TheRevokedAreReadAgain) {
  const Lab lab;
  const KeyPair lost = lab.Issue("nmn://actor/lost");
  Files files = FilesIn(lab.Write("learner", lab.Issue("nmn://learner/localhost")));
  files.revoked = lab.path() + "/revoked";
  WriteFile(files.revoked, "");
  const auto tls = *Tls::Open({.files = files, .look_every = kOften});
  const auto refused = [&] { return !tls->material()->trust.JudgeClient(lost.certificate, {}, UnixNow()).accepted(); };
  EXPECT_FALSE(refused());
  WriteFile(files.revoked, lost.certificate.serial() + "\n");
  EXPECT_TRUE(Eventually(refused));
}

TEST(Tls, CountsWhomItRefusesAndKeepsTheLastSentence) {
  const Lab lab;
  const auto tls = *Tls::Open({.files = FilesIn(lab.Write("a", lab.Issue("nmn://actor/a")))});
  EXPECT_EQ(tls->TakeRefusal(), "");
  tls->Refuse(Refusal::kExpired, "one");
  tls->Refuse(Refusal::kExpired, "two");
  tls->Refuse(Refusal::kWrongId, "three");
  EXPECT_EQ(tls->state().refused[static_cast<size_t>(Refusal::kExpired)], 2u);
  EXPECT_EQ(tls->state().refused[static_cast<size_t>(Refusal::kWrongId)], 1u);
  EXPECT_EQ(tls->TakeRefusal(), "three");
  EXPECT_EQ(tls->TakeRefusal(), "");
}

}  // namespace
}  // namespace nmn::tls
