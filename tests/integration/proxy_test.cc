// Proxies of the environment are for the web: our processes reach each other without them.

#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "tests/integration/tiny_run.h"
#include "tests/support/subprocess.h"

namespace nmn {
namespace {

using testing::Binary;
using testing::RunProcess;
using testing::Subprocess;

constexpr std::chrono::seconds kLimit{120};

// Nobody listens on port 1.
class WithADeadProxy : public ::testing::TestWithParam<std::string> {
 protected:
  std::vector<std::string> Environment() const { return {GetParam() + "=http://127.0.0.1:1"}; }
  testing::Outcome Run(std::vector<std::string> arguments) const {
    return RunProcess(std::move(arguments), kLimit, Environment());
  }
};

TEST_P(WithADeadProxy, LearnerActorStatusAndHealthMeet) {
  const testing::TemporaryDirectory folder;
  const std::string config = folder.path() + "/run.textproto";
  std::vector<std::string> print = {Binary("nmn"), "train", "--print_config"};
  for (const std::string& flag : testing::TinyFlags(2)) print.push_back(flag);
  testing::WriteFile(config, RunProcess(print).out);
  Subprocess learner(
      {Binary("nmn-learner"), "--config=" + config, "--listen=127.0.0.1:0", "--run_dir=" + folder.path() + "/run"},
      Environment());
  const std::string key = "serving on ";
  ASSERT_TRUE(learner.WaitForOutput(key)) << learner.err();
  const std::string text = learner.err();
  const size_t begin = text.find(key) + key.size();
  const std::string address = text.substr(begin, text.find_first_of("\" \n", begin) - begin);

  const auto status = Run({Binary("nmn"), "status", address});
  EXPECT_EQ(status.code, 0) << status.err;
  const auto health = Run({Binary("nmn-learner"), "--health", "--listen=" + address});
  EXPECT_EQ(health.code, 0) << health.err;
  const auto actor = Run({Binary("nmn-actor"), "--learner=" + address, "--connect_timeout=20"});
  EXPECT_EQ(actor.code, 0) << actor.err;
  EXPECT_EQ(learner.Wait(), 0) << learner.err();
}

INSTANTIATE_TEST_SUITE_P(Variables, WithADeadProxy, ::testing::Values("http_proxy", "https_proxy", "grpc_proxy"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace nmn
