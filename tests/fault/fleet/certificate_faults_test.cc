// Row 33: certificates are replaced while a run goes on over TLS.

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/str_cat.h"
#include "cli/certificate_folder.h"
#include "common/net/channel.h"
#include "common/tls/certificate.h"
#include "common/tls/identity.h"
#include "tests/fault/fleet/fleet.h"
#include "tests/fault/proxy/fault_proxy.h"
#include "tests/fault/row.h"
#include "tests/support/history.h"

namespace nmn::fault {
namespace {

using std::chrono::milliseconds;

constexpr char kLearner[] = "nmn://learner/localhost";

// An authority of nmn certs, and the folders of a learner, of three actors and of an operator, written by its code.
class Authority {
 public:
  Authority() {
    EXPECT_TRUE(cli::MakeAuthorityIn(path(), 3650).ok());
    testing::WriteFile(revoked(), "");
    Issue({tls::Role::kOperator, "test"});
    IssueAll();
  }

  const std::string& path() const { return directory_.path(); }
  std::string revoked() const { return path() + "/revoked.txt"; }

  // New keys and certificates for the learner and the actors, into the folders that they use.
  void IssueAll() {
    std::map<std::string, std::string> serials;
    const std::vector<tls::Identity> holders = {{tls::Role::kLearner, "localhost"},
                                                {tls::Role::kActor, "a0"},
                                                {tls::Role::kActor, "a1"},
                                                {tls::Role::kActor, "a2"}};
    for (const tls::Identity& holder : holders) serials[ToString(holder)] = Issue(holder);
    issues_.push_back(serials);
  }

  // Serial numbers by holder, of each IssueAll.
  const std::vector<std::map<std::string, std::string>>& issues() const { return issues_; }

  // Revokes what was issued by then.
  void RevokeUpTo(size_t issue) {
    std::string lines;
    for (size_t i = 0; i <= issue; ++i) {
      for (const auto& [holder, serial] : issues_[i]) absl::StrAppend(&lines, serial, "  # ", holder, "\n");
    }
    testing::WriteFile(revoked(), lines);
  }

  std::shared_ptr<grpc::ChannelCredentials> Operator() const {
    const auto file = [&](const char* name) { return testing::ReadFile(path() + "/operator-test/" + name); };
    return grpc::SslCredentials({file("ca.crt"), file("tls.key"), file("tls.crt")});
  }

 private:
  std::string Issue(const tls::Identity& holder) const {
    const auto issued = cli::IssueInto(path(), path(), holder, {}, 365);
    EXPECT_TRUE(issued.ok()) << issued.status();
    return issued.ok() ? issued->certificate.serial() : "";
  }

  testing::TemporaryDirectory directory_;
  std::vector<std::map<std::string, std::string>> issues_;
};

// What a new connection of an operator meets; an empty serial number where nobody answers.
struct Met {
  std::string serial;  // of the learner's certificate
  int connected = 0;   // actors
};

Met Meet(uint16_t port, const Authority& authority) {
  const auto stub = v1::LearnerService::NewStub(net::CreateChannel({"127.0.0.1", port}, authority.Operator()));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(1));
  v1::GetStatusResponse status;
  if (!stub->GetStatus(&context, {}, &status).ok()) return {};
  Met met;
  for (const v1::ActorStatus& actor : status.actors()) met.connected += actor.connected() ? 1 : 0;
  const auto pem = context.auth_context()->FindPropertyValues("x509_pem_cert");
  if (pem.size() != 1) return met;
  const auto chain = tls::Certificate::ParseAll(std::string(pem[0].data(), pem[0].size()));
  if (chain.ok()) met.serial = chain->front().serial();
  return met;
}

// Every connection is cut after each rotation, so that all shake hands with what they have taken up. gRPC looks for a
// new certificate once a second: a connection has the newest or the one before it. What is older is revoked.
TEST(Row33, CertificatesThatAreReplacedUnderLoadCostNothing) {
  const size_t rotations = Count(4, 20);
  Authority authority;
  const FleetOptions options{.updates = static_cast<int>(10 * rotations),
                             .lease_seconds = 600,  // longer than the run: none runs out
                             .certificates = authority.path()};
  Fleet fleet(options, {"--tls_revoked=" + authority.revoked()});
  fleet.StartLearner();
  ASSERT_GE(fleet.SecondsToServe(), 0) << fleet.learner().err();
  // The run must not end before the rotations do, nor take the cores for it: messages are late until then.
  std::vector<std::unique_ptr<FaultProxy>> proxies;
  for (size_t i = 0; i < 3; ++i) {
    proxies.push_back(*FaultProxy::Start(0, fleet.port(), 33 + i));
    Faults late;
    late.up.delay = late.down.delay = milliseconds(100);
    proxies[i]->Set(late);
    fleet.StartActor(absl::StrCat("a", i), proxies[i]->address());
  }
  std::set<std::string> met;
  const auto all_connected = [&](uint64_t times) {
    const Met now = Meet(fleet.port(), authority);
    met.insert(now.serial);
    return now.connected == 3 &&
           std::all_of(proxies.begin(), proxies.end(), [&](const auto& p) { return p->counters().accepted >= times; });
  };
  const auto taken_up = [&] {
    const auto& serials = authority.issues().back();
    const auto by = [&](const testing::Subprocess& process, const std::string& holder) {
      return process.err().find(absl::StrCat("took up the certificate of ", holder, " (serial ", serials.at(holder),
                                             ")")) != std::string::npos;
    };
    const auto& actors = fleet.actors();
    return by(fleet.learner(), kLearner) && std::all_of(actors.begin(), actors.end(), [&](const auto& actor) {
             return by(actor.second, "nmn://actor/" + actor.first);
           });
  };
  ASSERT_FALSE(HasFailure());
  ASSERT_TRUE(fleet.WaitFor([&] { return all_connected(1) && fleet.update() >= 1; }, kPatience));

  const auto met_issue = [&](size_t issue) { return met.contains(authority.issues()[issue].at(kLearner)); };
  const int first = fleet.update();
  for (size_t rotation = 1; rotation <= rotations; ++rotation) {
    SCOPED_TRACE(rotation);
    if (rotation >= 3) authority.RevokeUpTo(rotation - 3);
    authority.IssueAll();
    ASSERT_TRUE(
        fleet.WaitFor([&] { return all_connected(rotation) && met_issue(rotation - 1) && taken_up(); }, kPatience))
        << fleet.update() << " updates\n"
        << fleet.learner().err();
    for (const auto& proxy : proxies) proxy->DropConnections();
  }
  ASSERT_TRUE(fleet.WaitFor([&] { return all_connected(rotations + 1) && met_issue(rotations); }, kPatience))
      << fleet.learner().err();
  const int last = fleet.update();
  EXPECT_LT(last, options.updates);
  for (const auto& proxy : proxies) proxy->Set({});
  fleet.ExpectWholeRun(std::chrono::minutes(4));

  EXPECT_EQ(fleet.learner().err().find("refused: "), std::string::npos) << fleet.learner().err();
  const testing::History history = testing::ReadHistory(testing::ReadFile(fleet.directory() + "/events.jsonl"), 20);
  EXPECT_EQ(history.rejected, 0u);
  PrintFigure("33",
              absl::StrCat(rotations, " rotations of the learner's and 3 actors' certificates within ", last - first,
                           " updates, each taken up and met by new connections, nobody refused; ", history.accepted,
                           " trajectories accepted, ", history.rejected, " rejected, ", HashFigure()));
}

}  // namespace
}  // namespace nmn::fault
