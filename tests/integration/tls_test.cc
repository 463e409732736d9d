// Learner, actors and operators as processes, with certificates of nmn certs.

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/integration/tiny_run.h"
#include "tests/support/lab.h"
#include "tests/support/subprocess.h"

namespace nmn {
namespace {

using ::testing::AllOf;
using testing::Binary;
using ::testing::HasSubstr;
using testing::kDay;
using testing::Lab;
using testing::Outcome;
using testing::RunProcess;
using testing::Subprocess;

constexpr int kRetry = 1, kPermanent = 42;
constexpr int kUpdates = 4;

class WithTls : public ::testing::Test {
 protected:
  WithTls() {
    std::vector<std::string> print = {Binary("nmn"), "train", "--print_config"};
    for (const std::string& flag : testing::TinyFlags(kUpdates)) print.push_back(flag);
    testing::WriteFile(config_, RunProcess(print).out);
  }
  std::string Folder(const std::string& name, const std::string& uri) const {
    return lab_.Write(name, lab_.Issue(uri));
  }
  Subprocess Learner(const std::string& run, std::vector<std::string> more) {
    std::vector<std::string> command = {Binary("nmn-learner"), "--config=" + config_, "--listen=127.0.0.1:0",
                                        "--run_dir=" + Run(run)};
    command.insert(command.end(), more.begin(), more.end());
    return Subprocess(command);
  }
  std::string Run(const std::string& name) const { return lab_.path() + "/" + name; }
  static std::string AddressOf(Subprocess& learner) {
    const std::string key = "serving on ";
    EXPECT_TRUE(learner.WaitForOutput(key)) << learner.err();
    const std::string text = learner.err();
    const size_t begin = text.find(key) + key.size();
    return text.substr(begin, text.find_first_of("\" \n", begin) - begin);
  }
  static std::vector<std::string> Actor(const std::string& address, std::vector<std::string> more = {}) {
    std::vector<std::string> command = {Binary("nmn-actor"), "--learner=" + address, "--connect_timeout=60"};
    command.insert(command.end(), more.begin(), more.end());
    return command;
  }

  const Lab lab_;
  const std::string config_ = lab_.path() + "/run.textproto";
};

TEST_F(WithTls, ARunHasTheWeightsOfOneInPlainText) {
  Subprocess plain = Learner("plain", {});
  EXPECT_EQ(RunProcess(Actor(AddressOf(plain))).code, 0);
  EXPECT_EQ(plain.Wait(), 0) << plain.err();

  const std::string learner_folder = Folder("learner", "nmn://learner/localhost");
  Subprocess learner = Learner("tls", {"--tls=" + learner_folder});
  const std::string address = AddressOf(learner);
  const std::string port = address.substr(address.rfind(':'));
  // While it waits for actors: health by its own certificate, status by an operator's.
  EXPECT_EQ(RunProcess({Binary("nmn-learner"), "--health", "--listen=" + address, "--tls=" + learner_folder}).code, 0);
  const Outcome status =
      RunProcess({Binary("nmn"), "status", address, "--json", "--tls=" + Folder("ann", "nmn://operator/ann")});
  EXPECT_EQ(status.code, 0) << status.err;
  EXPECT_THAT(status.out, HasSubstr("\"state\""));
  Subprocess fleet(Actor("localhost" + port, {"--tls=" + Folder("fleet", "nmn://actor/fleet-*")}));
  ASSERT_TRUE(fleet.WaitForOutput("actor fleet-")) << fleet.err();
  const Outcome named = RunProcess(Actor(address, {"--tls=" + Folder("a", "nmn://actor/a"), "--actor_id=a"}));
  EXPECT_EQ(named.code, 0) << named.err;
  EXPECT_EQ(fleet.Wait(), 0) << fleet.err();
  EXPECT_EQ(learner.Wait(), 0) << learner.err();
  EXPECT_EQ(testing::WeightsHash(Run("tls")), testing::WeightsHash(Run("plain")));
  EXPECT_NE(testing::WeightsHash(Run("tls")), "");
}

TEST_F(WithTls, BothEndsSayInALineWhyNobodyComesIn) {
  Subprocess learner = Learner("run", {"--tls=" + Folder("learner", "nmn://learner/localhost"), "--metrics=off"});
  const std::string address = AddressOf(learner);
  const auto refused = [&](const std::vector<std::string>& command, const std::string& words,
                           const std::string& learner_words) {
    const Outcome outcome = RunProcess(command);
    EXPECT_EQ(outcome.code, kPermanent) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(words));
    if (!learner_words.empty()) {
      EXPECT_TRUE(learner.WaitForOutput(learner_words)) << learner.err();
    }
  };
  refused(Actor(address), "speaks TLS, and there is no certificate here; give --tls=DIR",
          "a client spoke plain text to the TLS port");
  refused({Binary("nmn"), "status", address}, "speaks TLS, and there is no certificate here", "");
  refused(Actor(address, {"--tls=" + Folder("ann", "nmn://operator/ann")}), "and an actor needs one of its own", "");
  refused({Binary("nmn"), "status", address, "--tls=" + Folder("other-learner", "nmn://learner/b")},
          "nmn://learner/b may not call GetStatus", "nmn://learner/b may not call GetStatus");
  refused(Actor(address, {"--tls=" + Folder("a", "nmn://actor/a"), "--actor_id=b"}),
          "--actor_id=b: the certificate is for nmn://actor/a", "");
  const Lab other;
  refused(Actor(address, {"--tls=" + other.Write("a", other.Issue("nmn://actor/a"))}), "is signed by another authority",
          "");
  refused(Actor(address, {"--tls=" + lab_.Write("old", lab_.Issue("nmn://actor/a", -2 * kDay, -kDay))}), "expired on",
          "");
  // Its ca.crt has both authorities, its own certificate is of the wrong one.
  refused(
      Actor(address, {"--tls=" + other.Write("both", other.Issue("nmn://actor/a"), other.ca_pem() + lab_.ca_pem())}),
      "it trusts another authority", "is signed by another authority");
}

TEST_F(WithTls, FlagsThatContradictEachOtherAreRefused) {
  const std::string folder = Folder("learner", "nmn://learner/localhost");
  const auto refused = [&](std::vector<std::string> flags, const std::string& words) {
    flags.insert(flags.begin(), {Binary("nmn-learner"), "--config=" + config_, "--run_dir=" + Run("never")});
    const Outcome outcome = RunProcess(flags);
    EXPECT_EQ(outcome.code, kPermanent) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(words));
    EXPECT_EQ(std::count(outcome.err.begin(), outcome.err.end(), '\n'), 1) << outcome.err;
  };
  refused(
      {"--tls=" + Folder("a", "nmn://actor/a")},
      "it is the certificate of nmn://actor/a, and a learner needs one of its own; issue it with nmn certs issue DIR "
      "--learner=HOST");
  refused({"--tls=" + Folder("ann", "nmn://operator/ann")}, "it is the certificate of nmn://operator/ann");
  refused({"--tls=" + folder, "--insecure"}, "leave out --insecure, or --tls");
  refused({"--tls_cert=" + folder + "/tls.crt"}, "--tls_key is missing");
  refused({"--tls=" + folder, "--tls_key=" + folder + "/tls.key"}, "give the one or the others");
  refused({"--tls_revoked=/dev/null"}, "--tls_revoked=/dev/null means nothing without TLS");
  refused({"--tls=" + lab_.path() + "/nothing"}, "--tls=" + lab_.path() + "/nothing: there is no tls.crt in it");
  // The folder around those of the holders.
  refused({"--tls=" + lab_.path()}, "; below it there ");
  refused({"--listen=0.0.0.0:0"}, "give --tls=DIR");
  refused({"--metrics=0.0.0.0:0"}, "--metrics=0.0.0.0:0 leads to other machines");
  refused({"--metrics_tls=mutual"}, "--metrics_tls=mutual needs a certificate");
  refused({"--metrics_tls=on"}, "it must be off, server or mutual");
  const Outcome actor = RunProcess({Binary("nmn-actor"), "--learner=127.0.0.1:1", "--metrics=0.0.0.0:0"});
  EXPECT_EQ(actor.code, kPermanent);
  EXPECT_THAT(actor.err, HasSubstr("--metrics=0.0.0.0:0 leads to other machines"));
  EXPECT_THAT(RunProcess({Binary("nmn-actor"), "--learner=learner:50051"}).err,
              AllOf(HasSubstr("--learner=learner:50051"), HasSubstr("--insecure")));
  EXPECT_THAT(RunProcess({Binary("nmn"), "status", "learner:50051"}).err,
              AllOf(HasSubstr("ADDR=learner:50051"), HasSubstr("--insecure")));
}

// What is said where a fleet's processes are told of TLS, and nothing of --metrics_tls.
TEST_F(WithTls, MetricsForOtherMachinesAreMutual) {
  Subprocess learner = Learner("run", {"--tls=" + Folder("learner", "nmn://learner/localhost"), "--metrics=0.0.0.0:0"});
  EXPECT_TRUE(learner.WaitForOutput("look at it live: https://127.0.0.1:")) << learner.err();
  EXPECT_TRUE(learner.WaitForOutput("metrics on https://0.0.0.0:")) << learner.err();
  // An actor that waits for its learner.
  const std::string folder = Folder("a", "nmn://actor/a");
  Subprocess actor(Actor("127.0.0.1:1", {"--tls=" + folder, "--metrics=0.0.0.0:0"}));
  const std::string key = "metrics on https://0.0.0.0:";
  ASSERT_TRUE(actor.WaitForOutput(key)) << actor.err();
  const std::string said = actor.err();
  const size_t begin = said.find(key) + key.size();
  const std::string address = "127.0.0.1:" + said.substr(begin, said.find("/metrics", begin) - begin);
  // As the health check of an image asks, with what the container has in its environment.
  const auto ask = [&](const std::string& environment) {
    return RunProcess({Binary("nmn-actor"), "--health", "--metrics=" + address}, std::chrono::seconds(60),
                      {environment});
  };
  const Outcome own = ask("NMN_TLS=" + folder);
  EXPECT_EQ(own.code, 0) << own.err;
  EXPECT_EQ(own.out, "ok\n");
  const Outcome stranger = ask("NMN_METRICS_TLS=server");
  EXPECT_EQ(stranger.code, kRetry);
  EXPECT_THAT(stranger.err, HasSubstr("certificate required"));
  EXPECT_TRUE(actor.WaitForOutput("refused: a client of --metrics has no certificate")) << actor.err();
}

TEST_F(WithTls, TheLivePageOfARunInOneProcessMayBeInTls) {
  const std::string tls = "--tls=" + Folder("learner", "nmn://learner/localhost");
  const Outcome served =
      RunProcess(testing::TinyTrain(Run("one"), 1, {tls, "--metrics=127.0.0.1:0", "--metrics_tls=server"}));
  EXPECT_EQ(served.code, 0) << served.err;
  EXPECT_THAT(served.err, HasSubstr("look at it live: https://127.0.0.1:"));
  const Outcome useless = RunProcess(testing::TinyTrain(Run("two"), 1, {tls, "--metrics=127.0.0.1:0"}));
  EXPECT_EQ(useless.code, kPermanent);
  EXPECT_THAT(useless.err, HasSubstr("there is neither --listen for them nor TLS on --metrics"));
}

// A learner in plain text, on loopback: the actor that has a certificate says so.
TEST_F(WithTls, AnActorWithACertificateTellsAPlainLearnerFromOneThatIsNotThere) {
  Subprocess learner = Learner("run", {});
  const std::string address = AddressOf(learner);
  const std::string folder = Folder("a", "nmn://actor/a");
  const Outcome plain = RunProcess(Actor(address, {"--tls=" + folder}));
  EXPECT_EQ(plain.code, kPermanent) << plain.err;
  EXPECT_THAT(plain.err, HasSubstr("speaks plain text"));
  const Outcome absent =
      RunProcess({Binary("nmn-actor"), "--learner=127.0.0.1:1", "--connect_timeout=1", "--tls=" + folder});
  EXPECT_EQ(absent.code, kRetry) << absent.err;
}

}  // namespace
}  // namespace nmn
