// Row 23: scrapers of the metrics that never read, or never finish to ask, cost the training nothing.

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <thread>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/sync/stop.h"
#include "tests/fault/fleet/fleet.h"
#include "tests/fault/proxy/loopback.h"
#include "tests/fault/row.h"

namespace nmn::fault {
namespace {

// Scrapers that are dead or slow, as long as this lives; each second they connect anew.
class BadScrapers {
 public:
  explicit BadScrapers(uint16_t port) : port_(port), thread_([this] { Scrape(); }) {}
  ~BadScrapers() {
    stop_.request_stop();
    thread_.join();
  }
  BadScrapers(const BadScrapers&) = delete;
  BadScrapers& operator=(const BadScrapers&) = delete;

 private:
  void Scrape() {
    constexpr int kHalfOpen = 100;
    constexpr int kNeverReading = 4;
    std::vector<int> sockets;
    do {
      for (const int socket : sockets) ::close(socket);
      sockets.clear();
      for (int i = 0; i < kHalfOpen + kNeverReading; ++i) sockets.push_back(Connect());
      for (int i = 0; i < kHalfOpen; ++i) Send(sockets[i], "GET /met");
      for (int i = kHalfOpen; i < kHalfOpen + kNeverReading; ++i) {
        while (Send(sockets[i], "GET /metrics HTTP/1.1\r\nHost: learner\r\n\r\n")) {
        }
      }
    } while (!WaitForStopUntil(stop_.get_token(), std::chrono::steady_clock::now() + std::chrono::seconds(1)));
    for (const int socket : sockets) ::close(socket);
  }
  int Connect() const {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const sockaddr_in address = Loopback(port_);
    ::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
    return socket;
  }
  // False once nothing more fits, or the server has closed the connection.
  static bool Send(int socket, const std::string& text) {
    return ::send(socket, text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL) > 0;
  }

  const uint16_t port_;
  std::stop_source stop_;
  std::thread thread_;
};

uint16_t MetricsPort(Fleet& fleet) {
  const std::string before = "metrics on http://127.0.0.1:";
  if (!fleet.learner().WaitForOutput(before)) return 0;
  const std::string said = fleet.learner().err();
  return static_cast<uint16_t>(std::atoi(said.c_str() + said.find(before) + before.size()));
}

// CPU seconds of a live process, user and system.
double CpuSeconds(int pid) {
  const std::string stat = testing::ReadFile("/proc/" + std::to_string(pid) + "/stat");
  std::istringstream fields(stat.substr(stat.rfind(')') + 2));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  double user = 0, system = 0;
  fields >> user >> system;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

struct Cost {
  double seconds = 0;      // wall time of the updates
  double cpu_seconds = 0;  // of the learner, in the same time
};

Cost CostOfARun(const FleetOptions& options, bool scraped) {
  constexpr int kFirst = 2;
  Fleet fleet(options);
  fleet.StartLearner();
  const uint16_t port = MetricsPort(fleet);
  EXPECT_NE(port, 0) << fleet.learner().err();
  fleet.StartActor("a0");
  EXPECT_TRUE(fleet.WaitForUpdate(kFirst)) << fleet.learner().err();
  const auto start = std::chrono::steady_clock::now();
  const double cpu = CpuSeconds(fleet.learner().pid());
  std::unique_ptr<BadScrapers> scrapers;
  if (scraped) scrapers = std::make_unique<BadScrapers>(port);
  EXPECT_TRUE(fleet.WaitForUpdate(options.updates - 1)) << fleet.learner().err();
  const Cost cost{std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(),
                  CpuSeconds(fleet.learner().pid()) - cpu};
  fleet.ExpectWholeRun();
  return cost;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

TEST(Row23, ScrapersThatHangCostTheTrainingNothing) {
  const FleetOptions options{.updates = static_cast<int>(Count(20, 300))};
  const uint64_t pairs = Count(1, 9);
  std::vector<double> time, cpu;
  for (uint64_t pair = 0; pair < pairs && !HasFailure(); ++pair) {
    // Which of the two comes first changes, so that what drifts cancels.
    Cost alone, scraped;
    for (const bool with : {pair % 2 == 0, pair % 2 != 0}) (with ? scraped : alone) = CostOfARun(options, with);
    time.push_back(scraped.seconds / alone.seconds - 1);
    cpu.push_back(scraped.cpu_seconds / alone.cpu_seconds - 1);
  }
  ASSERT_FALSE(time.empty());
  // One pair of two seconds each beside other tests says little: there only a learner that stands still is told from
  // one that does not.
  constexpr double kPromised = 0.02, kStandstill = 20;
  EXPECT_LE(Median(time), Full() && Limit(1) == 1 ? kPromised : kStandstill);
  PrintFigure("23",
              absl::StrFormat("100 scrapes that are half open and 4 that never read: %+.1f %% of time, %+.1f %% of "
                              "the learner's CPU time, medians of %d pairs of runs of %d updates, %s",
                              100 * Median(time), 100 * Median(cpu), pairs, options.updates, HashFigure()));
}

}  // namespace
}  // namespace nmn::fault
