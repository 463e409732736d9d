// Descriptors: too few at the start, none left for a crowd of connections, the standard ones closed.

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <vector>

#include "tests/integration/surroundings.h"
#include "tests/integration/tiny_run.h"

namespace nmn::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(Descriptors, TooFewDescriptorsAreRefusedAtTheStartWithTheirNumber) {
  const TemporaryDirectory folder;
  const auto expect_refused = [](const std::vector<std::string>& command, int limit) {
    SCOPED_TRACE(command[0] + " with " + std::to_string(limit));
    ExpectOneLine(RunProcess(InShell("ulimit -n " + std::to_string(limit), command)), kRetry,
                  AllOf(StartsWith("nmn"), HasSubstr("needs 40"), HasSubstr("ulimit -n")));
  };
  for (int limit = 5; limit <= 16; ++limit) expect_refused({Binary("nmn-actor"), "--learner=127.0.0.1:1"}, limit);
  for (const int limit : {6, 11}) {
    expect_refused(TinyTrain(folder.path() + "/run", 1), limit);
    expect_refused({Binary("nmn-learner"), "--config=/nowhere"}, limit);
  }
}

TEST(Descriptors, ASoftLimitOfDescriptorsIsRaised) {
  EXPECT_EQ(RunProcess(InShell("ulimit -S -n 8", {Binary("nmn"), "version"})).code, 0);
}

TEST(Descriptors, WithTheDescriptorsThatItAsksForARunEnds) {
  const TemporaryDirectory folder;
  const Outcome outcome =
      RunProcess(InShell("ulimit -n 48", TinyTrain(folder.path() + "/run", 4, {"--listen=127.0.0.1:0"})));
  EXPECT_EQ(outcome.code, 0) << outcome.err;
}

// gRPC's own listener would end for good at the first connection for which there is no descriptor.
TEST(Descriptors, ALearnerOutOfDescriptorsTakesConnectionsAgainLater) {
  if (kSanitized)
    GTEST_SKIP() << "UndefinedBehaviorSanitizer asks about memory through a pipe, and finds it bad without";
  const TemporaryDirectory folder;
  Subprocess learner(InShell("ulimit -n 100", TinyTrain(folder.path() + "/run", 100000, {"--listen=127.0.0.1:0"})));
  ASSERT_TRUE(learner.WaitForOutput("serving on 127.0.0.1:")) << learner.err();
  const std::string said = learner.err();
  const std::string address =
      said.substr(said.find("127.0.0.1:", said.find("serving on")), sizeof("127.0.0.1:12345") - 1);
  const std::string whole = address.substr(0, address.find_last_of("0123456789") + 1);
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_port = htons(static_cast<uint16_t>(std::stoi(whole.substr(whole.find(':') + 1))));
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  // More than the learner has descriptors, again and again: a crowd that comes and goes.
  for (int round = 0; round < 20; ++round) {
    std::vector<int> crowd;
    for (int i = 0; i < 300; ++i) {
      crowd.push_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      ASSERT_EQ(connect(crowd.back(), reinterpret_cast<const sockaddr*>(&server), sizeof(server)), 0) << i;
    }
    for (const int fd : crowd) close(fd);
  }
  EXPECT_TRUE(learner.WaitForOutput("there is no descriptor for another connection (ulimit -n)")) << learner.err();
  Outcome status;
  for (int i = 0; i < 20 && (i == 0 || status.code != 0); ++i) status = RunProcess({Binary("nmn"), "status", whole});
  EXPECT_EQ(status.code, 0) << status.err;
  learner.Signal(SIGTERM);
  EXPECT_EQ(learner.Wait(), kInterrupted) << learner.err();
}

TEST(Descriptors, WithEveryStandardDescriptorClosedARunEnds) {
  for (const char* closed : {"<&- >&- 2>&-", "<&-", ">&-", "2>&-"}) {
    SCOPED_TRACE(closed);
    const TemporaryDirectory folder;
    const std::string run = folder.path() + "/run";
    EXPECT_EQ(RunProcess(InShell("", TinyTrain(run, 4), closed)).code, 0);
    EXPECT_EQ(UpdatesInMetrics(run).size(), 4u);
  }
}

}  // namespace
}  // namespace nmn::testing
