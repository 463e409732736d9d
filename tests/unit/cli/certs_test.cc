// nmn certs, as a person calls it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "common/tls/material.h"
#include "tests/support/lab.h"
#include "tests/support/subprocess.h"

namespace nmn::cli {
namespace {

using ::nmn::testing::Binary;
using ::nmn::testing::FilesIn;
using ::nmn::testing::Outcome;
using ::nmn::testing::ReadFile;
using ::nmn::testing::RunProcess;
using ::nmn::testing::WriteFile;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr int kPermanent = 42;

mode_t ModeOf(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
}

class NmnCerts : public ::testing::Test {
 protected:
  Outcome Certs(std::vector<std::string> arguments) const {
    arguments.insert(arguments.begin(), {Binary("nmn"), "certs"});
    return RunProcess(std::move(arguments));
  }
  void Init() const {
    const Outcome made = Certs({"init", ca_});
    ASSERT_EQ(made.code, 0) << made.err;
  }
  Outcome Issue(std::vector<std::string> flags) const {
    flags.insert(flags.begin(), {"issue", ca_});
    return Certs(std::move(flags));
  }
  static absl::Status Load(const std::string& folder) {
    return tls::LoadMaterial(FilesIn(folder), tls::UnixNow()).status();
  }

  const testing::TemporaryDirectory directory_;
  const std::string ca_ = directory_.path() + "/certs";
};

TEST_F(NmnCerts, IssuesFoldersThatTlsTakes) {
  Init();
  for (const auto& [flag, folder, identity] : std::vector<std::array<std::string, 3>>{
           {"--actor=node-7", "actor-node-7", "nmn://actor/node-7"},
           {"--actor=fleet-*", "actor-fleet-", "nmn://actor/fleet-*"},
           {"--learner=gpu1.lab.example,192.0.2.7,::1", "learner-gpu1.lab.example", "nmn://learner/gpu1.lab.example"},
           {"--operator=ann", "operator-ann", "nmn://operator/ann"}}) {
    const Outcome issued = Issue({flag, "--days=30"});
    ASSERT_EQ(issued.code, 0) << issued.err;
    const std::string path = ca_ + "/" + folder;
    EXPECT_THAT(issued.out, AllOf(HasSubstr(identity), HasSubstr("--tls=" + path)));
    const auto material = tls::LoadMaterial(FilesIn(path), tls::UnixNow());
    ASSERT_TRUE(material.ok()) << material.status();
    EXPECT_EQ(ToString((*material)->identity), identity);
    EXPECT_EQ(ModeOf(path + "/tls.key"), 0600u);
    EXPECT_EQ(ReadFile(path + "/ca.crt"), ReadFile(ca_ + "/ca.crt"));
    EXPECT_THAT(ReadFile(ca_ + "/issued.txt"),
                AllOf(HasSubstr((*material)->certificate.serial()), HasSubstr(identity)));
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(path)) files.push_back(entry.path().filename());
    EXPECT_THAT(files, ::testing::UnorderedElementsAre("ca.crt", "tls.crt", "tls.key"));
    EXPECT_THAT(ReadFile(path + "/tls.crt"), Not(HasSubstr("PRIVATE")));
  }
  EXPECT_EQ(ModeOf(ca_ + "/ca.key"), 0600u);
  EXPECT_THAT(tls::Certificate::ParseAll(ReadFile(ca_ + "/learner-gpu1.lab.example/tls.crt"))->front().hosts(),
              ::testing::ElementsAre("gpu1.lab.example", "localhost", "192.0.2.7", "::1", "127.0.0.1"));
}

TEST_F(NmnCerts, ANewCertificateTakesTheOldOnesPlace) {
  Init();
  ASSERT_EQ(Issue({"--actor=a"}).code, 0);
  const std::string folder = ca_ + "/actor-a", before = ReadFile(folder + "/tls.crt");
  ASSERT_EQ(::chmod((folder + "/tls.key").c_str(), 0644), 0);
  ASSERT_EQ(Issue({"--actor=a"}).code, 0);
  EXPECT_NE(ReadFile(folder + "/tls.crt"), before);
  EXPECT_EQ(ModeOf(folder + "/tls.key"), 0600u);
  EXPECT_TRUE(Load(folder).ok()) << Load(folder);
}

TEST_F(NmnCerts, AFolderKeepsItsHolder) {
  Init();
  ASSERT_EQ(Issue({"--actor=fleet-*"}).code, 0);
  const std::string before = ReadFile(ca_ + "/actor-fleet-/tls.crt"), list = ReadFile(ca_ + "/issued.txt");
  const Outcome other = Issue({"--actor=fleet-"});
  EXPECT_EQ(other.code, 42);
  EXPECT_THAT(other.err, ::testing::HasSubstr("/actor-fleet- has the certificate of nmn://actor/fleet-*"));
  EXPECT_EQ(ReadFile(ca_ + "/actor-fleet-/tls.crt"), before);
  EXPECT_EQ(ReadFile(ca_ + "/issued.txt"), list);
  EXPECT_EQ(Issue({"--actor=fleet-*"}).code, 0);
}

TEST_F(NmnCerts, AnAuthorityIsMadeOnce) {
  Init();
  const std::string key = ReadFile(ca_ + "/ca.key");
  const Outcome again = Certs({"init", ca_});
  EXPECT_EQ(again.code, kPermanent);
  EXPECT_THAT(again.err, HasSubstr("has an authority already"));
  EXPECT_EQ(ReadFile(ca_ + "/ca.key"), key);
}

// Room for a key, and none for a certificate.
TEST_F(NmnCerts, AnAuthorityThatCannotBeWrittenLeavesNothingInTheWay) {
  const Outcome refused = RunProcess({"/usr/bin/prlimit", "--fsize=400", Binary("nmn"), "certs", "init", ca_});
  EXPECT_EQ(refused.code, 1) << refused.err;
  EXPECT_FALSE(std::filesystem::exists(ca_ + "/ca.key"));
  Init();
}

TEST_F(NmnCerts, AKeyWithoutItsCertificateIsKept) {
  Init();
  ASSERT_EQ(Issue({"--actor=x"}).code, 0);
  const std::string key = ReadFile(ca_ + "/ca.key");
  std::filesystem::remove(ca_ + "/ca.crt");
  const Outcome issued = Issue({"--actor=y"});
  EXPECT_EQ(issued.code, kPermanent);
  EXPECT_THAT(issued.err, AllOf(HasSubstr("put ca.crt back"), Not(HasSubstr("certs init")))) << issued.err;
  const Outcome again = Certs({"init", ca_});
  EXPECT_EQ(again.code, kPermanent);
  EXPECT_THAT(again.err, AllOf(HasSubstr("ca.key, without ca.crt"), HasSubstr("put ca.crt back")));
  EXPECT_EQ(ReadFile(ca_ + "/ca.key"), key);
  std::filesystem::copy_file(ca_ + "/actor-x/ca.crt", ca_ + "/ca.crt");
  EXPECT_EQ(Issue({"--actor=y"}).code, 0);
}

TEST_F(NmnCerts, CallsAtOnceLeaveWhatFits) {
  std::vector<Outcome> made(4), issued(4);
  const auto at_once = [](std::vector<Outcome>& outcomes, const std::function<Outcome()>& call) {
    std::vector<std::thread> threads;
    for (Outcome& outcome : outcomes) threads.emplace_back([&outcome, &call] { outcome = call(); });
    for (std::thread& thread : threads) thread.join();
  };
  at_once(made, [&] { return Certs({"init", ca_}); });
  EXPECT_EQ(std::count_if(made.begin(), made.end(), [](const Outcome& one) { return one.code == 0; }), 1);
  at_once(issued, [&] { return Issue({"--actor=q"}); });
  for (const Outcome& one : issued) EXPECT_EQ(one.code, 0) << one.err;
  EXPECT_TRUE(Load(ca_ + "/actor-q").ok()) << Load(ca_ + "/actor-q");
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(ca_)) files.push_back(entry.path().filename());
  EXPECT_THAT(files, ::testing::UnorderedElementsAre(".lock", "ca.crt", "ca.key", "issued.txt", "actor-q"));
}

// A container that has mounted it sees the new ones.
TEST_F(NmnCerts, TheFolderStaysTheSameOne) {
  Init();
  ASSERT_EQ(Issue({"--actor=a"}).code, 0);
  const std::string folder = ca_ + "/actor-a", before = ReadFile(folder + "/tls.crt");
  WriteFile(folder + "/notes", "mine");
  const std::string left = folder + "/.nmn-99999999-2.tmp";  // of a process that was killed
  WriteFile(left, "a key");
  struct stat was {
  }, is{};
  ASSERT_EQ(::stat(folder.c_str(), &was), 0);
  ASSERT_EQ(Issue({"--actor=a"}).code, 0);
  ASSERT_EQ(::stat(folder.c_str(), &is), 0);
  EXPECT_EQ(was.st_ino, is.st_ino);
  EXPECT_FALSE(std::filesystem::exists(left));
  EXPECT_EQ(ReadFile(folder + "/notes"), "mine");
  EXPECT_NE(ReadFile(folder + "/tls.crt"), before);
  EXPECT_TRUE(Load(folder).ok()) << Load(folder);
}

TEST_F(NmnCerts, SaysThatAKeyIsAnothersAndIssueMendsIt) {
  Init();
  ASSERT_EQ(Issue({"--actor=a"}).code, 0);
  ASSERT_EQ(Issue({"--actor=b"}).code, 0);
  const std::string folder = ca_ + "/actor-a";
  WriteFile(folder + "/tls.key", ReadFile(ca_ + "/actor-b/tls.key"));
  const Outcome shown = Certs({"show", folder});
  EXPECT_EQ(shown.code, kPermanent);
  EXPECT_THAT(shown.out, HasSubstr("nmn://actor/a"));
  EXPECT_THAT(shown.err, AllOf(HasSubstr("not the key of"), HasSubstr("nmn certs issue")));
  ASSERT_EQ(Issue({"--actor=a"}).code, 0);
  EXPECT_EQ(Certs({"show", folder}).code, 0);
}

TEST_F(NmnCerts, TheListIsCheckedFirstAndKeepsItsLines) {
  Init();
  std::filesystem::create_directory(ca_ + "/issued.txt");
  EXPECT_NE(Issue({"--actor=v"}).code, 0);
  EXPECT_FALSE(std::filesystem::exists(ca_ + "/actor-v"));
  std::filesystem::remove(ca_ + "/issued.txt");
  WriteFile(ca_ + "/issued.txt", "a line of mine");
  ASSERT_EQ(Issue({"--actor=v"}).code, 0);
  EXPECT_THAT(ReadFile(ca_ + "/issued.txt"), ::testing::StartsWith("a line of mine\n2"));
}

TEST_F(NmnCerts, WritesElsewhereWithoutTheAuthoritysKey) {
  Init();
  const std::string out = directory_.path() + "/out";
  ASSERT_EQ(Issue({"--operator=ann", "--out=" + out}).code, 0);
  EXPECT_TRUE(Load(out + "/operator-ann").ok());
  EXPECT_FALSE(std::filesystem::exists(out + "/ca.key"));
  EXPECT_FALSE(std::filesystem::exists(ca_ + "/operator-ann"));
}

TEST_F(NmnCerts, RefusesWhatItCannotIssueAndWritesNothing) {
  const Outcome none = Issue({"--actor=a"});
  EXPECT_EQ(none.code, kPermanent);
  EXPECT_THAT(none.err, HasSubstr("nmn certs init " + ca_));
  Init();
  for (const auto& [flags, words] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{}, "--actor=ID, --learner=HOST[,HOST] or --operator=NAME"},
           {{"--actor=A"}, "--actor=A: "},
           {{"--actor=*"}, "--actor=*: "},
           {{"--operator=a/b"}, "--operator=a/b: "},
           {{"--learner=a:50051"}, "\"a:50051\" is no host"},
           {{"--learner=a,,b"}, "\"\" is no host"},
           {{"--learner=a,URI:nmn://operator/x"}, "is no host"},
           {{"--actor=a", "--operator=b"}, "a certificate has one holder"},
           {{"--actor=a", "--days=0"}, "--days"},
           {{"--actor=a", "--days=4000"}, "--days=4000: the authority in " + ca_ + " ends before"}}) {
    const Outcome refused = Issue(flags);
    EXPECT_EQ(refused.code, kPermanent) << words;
    EXPECT_THAT(refused.err, HasSubstr(words));
    EXPECT_EQ(std::count(refused.err.begin(), refused.err.end(), '\n'), 1) << refused.err;
  }
  WriteFile(ca_ + "/ca.key", "nonsense");
  EXPECT_THAT(Issue({"--actor=a"}).err, HasSubstr("ca.key: there is no private key"));
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(ca_)) files.push_back(entry.path().filename());
  EXPECT_THAT(files, ::testing::UnorderedElementsAre(".lock", "ca.crt", "ca.key"));
}

TEST_F(NmnCerts, AnAuthorityThatEndsWithinADayCannotIssueAnyMore) {
  ASSERT_EQ(Certs({"init", ca_, "--days=1"}).code, 0);
  // Within the second in which the authority was made, a certificate of a day ends with it.
  const int64_t made = tls::UnixNow();
  while (tls::UnixNow() == made) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  const Outcome refused = Issue({"--actor=a", "--days=1"});
  EXPECT_EQ(refused.code, kPermanent);
  EXPECT_THAT(refused.err, HasSubstr("make another one with nmn certs init"));
}

TEST_F(NmnCerts, ShowsWhatIsInAFileOrAFolder) {
  Init();
  ASSERT_EQ(Issue({"--learner=gpu1", "--days=10"}).code, 0);
  const Outcome text = Certs({"show", ca_ + "/learner-gpu1"});
  ASSERT_EQ(text.code, 0) << text.err;
  EXPECT_THAT(text.out, AllOf(HasSubstr("nmn://learner/gpu1"), HasSubstr("gpu1, localhost, 127.0.0.1, ::1"),
                              HasSubstr(" days left")));
  const auto json = nlohmann::json::parse(Certs({"show", ca_ + "/learner-gpu1/tls.crt", "--json"}).out);
  ASSERT_EQ(json.size(), 1u);
  EXPECT_EQ(json[0]["identity"], "nmn://learner/gpu1");
  EXPECT_NEAR(json[0]["seconds_left"].get<double>(), 10 * testing::kDay, 120);
  EXPECT_THAT(text.out, HasSubstr(json[0]["serial"].get<std::string>()));
  EXPECT_THAT(Certs({"show", ca_ + "/ca.crt"}).out, HasSubstr("authority"));
  EXPECT_EQ(Certs({"show", ca_}).out, Certs({"show", ca_ + "/ca.crt"}).out);
  EXPECT_EQ(Certs({"show", ca_ + "/ca.key"}).code, kPermanent);
  EXPECT_EQ(Certs({"show", ca_ + "/nothing"}).code, kPermanent);
}

// OpenSSL's own program reads what was made, and finds the chain good.
TEST_F(NmnCerts, OpenSslVerifiesThem) {
  if (RunProcess({"/usr/bin/env", "openssl", "version"}).code != 0) GTEST_SKIP() << "there is no openssl";
  Init();
  ASSERT_EQ(Issue({"--learner=gpu1"}).code, 0);
  const Outcome verified =
      RunProcess({"/usr/bin/env", "openssl", "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname",
                  "gpu1", "-CAfile", ca_ + "/ca.crt", ca_ + "/learner-gpu1/tls.crt"});
  EXPECT_EQ(verified.code, 0) << verified.out << verified.err;
}

}  // namespace
}  // namespace nmn::cli
