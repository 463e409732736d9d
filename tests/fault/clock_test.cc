// Row 22: the wall clock jumps. Nothing that decides reads it: the core has no clock, its caller a steady one.

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "common/nn/gaussian_head.h"
#include "learner/ingest/core.h"
#include "tests/fault/row.h"

namespace nmn::fault {
namespace {

namespace filesystem = std::filesystem;

// Where the wall clock may be read, how often, and why it may jump there.
const std::map<std::string, int> kAllowed = {
    {"actor/learner_client.cc", 2},                // deadlines of rpcs: gRPC's API; measured from the call on
    {"cli/status.cc", 1},                          // the same
    {"common/metrics/process_metrics.cc", 1},      // when the process began, for people to look at
    {"common/net/health.cc", 1},                   // the same
    {"common/tls/certificate.cc", 1},              // when certificates begin and end: what their dates mean
    {"learner/metrics/checkpoint_metrics.cc", 1},  // when a checkpoint was saved, for people and alerts
    {"learner/run/generation.cc", 1},              // where the count of starts was lost: a number above every count
    {"learner/service/learner_server.cc", 1},      // as the first, of the server's shutdown
    {"learner/run/run_directory.cc", 2},           // the stamps of TensorBoard's events and of a new directory's name
};
const char* const kWallClocks[] = {"system_clock", "gettimeofday",   "CLOCK_REALTIME",
                                   "std::time(",   "::time(nullptr", "absl::Now("};

int Occurrences(const std::string& text, const std::string& word) {
  int count = 0;
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + word.size())) ++count;
  return count;
}

TEST(Row22, TheWallClockIsReadOnlyWhereItsJumpsDoNotMatter) {
  std::map<std::string, int> found;
  int files = 0;
  for (const char* folder : {"actor", "cli", "common", "learner"}) {
    for (const auto& entry : filesystem::recursive_directory_iterator(folder)) {
      const std::string extension = entry.path().extension().string();
      if (extension != ".cc" && extension != ".h") continue;
      ++files;
      std::ifstream file(entry.path());
      std::ostringstream content;
      content << file.rdbuf();
      for (const char* clock : kWallClocks) {
        const std::string text = content.str();
        // A line that names the clock twice is one reading.
        std::istringstream lines(text);
        for (std::string line; std::getline(lines, line);) {
          if (Occurrences(line, clock) > 0) ++found[entry.path().generic_string()];
        }
      }
    }
  }
  EXPECT_EQ(found, kAllowed);
  EXPECT_GT(files, 100);
}

// Leases follow the caller's clock and nothing else: an hour of wall clock passes in no time here.
TEST(Row22, LeasesEndOnTheCallersClockAlone) {
  ingest::Core core({.run_id = "run",
                     .generation = 1,
                     .config_hash = "config",
                     .shape = {.horizon = 1,
                               .layout = trajectory::TrajectoryLayout::OfNetwork(1, nn::GaussianHead({})),
                               .episodes = 4,
                               .measures = {}},
                     .unit_episodes = 2,
                     .lease_seconds = 120,
                     .max_actors = 2,
                     .max_message_bytes = 1000});
  ASSERT_TRUE(core.Register("a", 1, 0, 0).ok());
  core.Connect(1, 0);
  v1::Hello hello;
  hello.set_run_id("run");
  hello.set_generation(1);
  hello.set_config_hash("config");
  hello.set_actor_id("a");
  hello.set_incarnation(1);
  ASSERT_TRUE(core.Hello(1, hello, 0).ok());
  core.Publish(1);
  core.Open(1);
  ASSERT_EQ(core.Decide(0).grants.size(), 1u);
  const ingest::Actor& actor = core.actors().actors().at("a");
  core.Decide(119.9);
  const size_t held = core.LeasedTo(actor);
  core.Decide(120);
  const size_t held_after = core.LeasedTo(actor);
  EXPECT_EQ(held, 2u);
  EXPECT_EQ(held_after, 0u);
  PrintFigure("22", "wall clock read in " + std::to_string(kAllowed.size()) + " files, by no lease; " +
                        std::to_string(2 - held) + " leases lost");
}

}  // namespace
}  // namespace nmn::fault
