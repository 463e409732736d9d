#include "common/metrics/exporter.h"

#include <gmock/gmock.h>

#include "common/metrics/http_client.h"
#include "common/metrics/http_server.h"
#include "common/metrics/registry.h"

namespace nmn::metrics {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::chrono::seconds kLimit{60};

std::unique_ptr<Exporter> StartExporter(std::function<absl::Status()> health = nullptr) {
  auto exporter = Exporter::Start({.address = "127.0.0.1:0", .health = std::move(health)});
  EXPECT_TRUE(exporter.ok()) << exporter.status();
  return *std::move(exporter);
}

std::string AddressOf(const Exporter& exporter) {
  const std::string url = exporter.url();
  const size_t begin = std::string("http://").size();
  return url.substr(begin, url.find("/metrics") - begin);
}

class Answer : public prometheus::Collectable {
 public:
  std::vector<prometheus::MetricFamily> Collect() const override { return {GaugeFamily("answer", "Of all.", 42)}; }
};

TEST(Exporter, HasProcessAndBuildFromTheStart) {
  EXPECT_THAT(StartExporter()->Text(),
              AllOf(HasSubstr("nmn_build_info{"), HasSubstr("\nprocess_cpu_seconds_total "),
                    HasSubstr("\nprocess_resident_memory_bytes "), HasSubstr("\nprocess_open_fds ")));
}

TEST(Exporter, ServesWhatIsRegistered) {
  const auto exporter = StartExporter();
  AddCounter(exporter->registry(), "units_total", "Units.", {{"kind", "good"}}).Increment(3);
  const auto answer = HttpGet(*net::ParseAddress(AddressOf(*exporter), "--metrics"), "/metrics", kLimit);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->content_type, "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_THAT(answer->body, HasSubstr("units_total{kind=\"good\"} 3\n"));
}

TEST(Exporter, ReadsCollectablesUntilTheyAreRemoved) {
  const auto exporter = StartExporter();
  const Answer answer;
  exporter->Add(answer);
  EXPECT_THAT(exporter->Text(), HasSubstr("\nanswer 42\n"));
  exporter->Remove(answer);
  EXPECT_THAT(exporter->Text(), Not(HasSubstr("answer")));
}

TEST(Exporter, ServesAPageUntilItIsTakenAway) {
  const auto exporter = StartExporter();
  const auto get = [&exporter](const char* path) {
    return *HttpGet(*net::ParseAddress(AddressOf(*exporter), "--metrics"), path, kLimit);
  };
  EXPECT_EQ(get("/").status, 404);
  EXPECT_EQ(get("/").body, "the paths are /metrics and /healthz\n");
  exporter->Serve("/", [] { return HttpResponse{200, "text/html", "<p>", {}}; });
  EXPECT_EQ(get("/").body, "<p>");
  EXPECT_EQ(get("/").content_type, "text/html");
  EXPECT_EQ(get("/other").body, "the paths are /, /metrics and /healthz\n");
  EXPECT_EQ(get("/healthz").body, "ok\n");
  exporter->Serve("/", nullptr);
  EXPECT_EQ(get("/").status, 404);
}

TEST(Exporter, SaysWhereABrowserOnThisMachineFindsIt) {
  const std::string here = StartExporter()->page_url();
  EXPECT_THAT(here, ::testing::MatchesRegex("http://127\\.0\\.0\\.1:[0-9]+/"));
  const auto everywhere = *Exporter::Start({.address = "0.0.0.0:0"});
  EXPECT_THAT(everywhere->url(), HasSubstr("http://0.0.0.0:"));
  EXPECT_THAT(everywhere->page_url(), HasSubstr("http://127.0.0.1:"));
  EXPECT_EQ((*Exporter::Start({.address = "off"}))->page_url(), "");
}

TEST(Exporter, OffCountsAndServesNobody) {
  const auto exporter = *Exporter::Start({.address = "off"});
  AddCounter(exporter->registry(), "units_total", "Units.").Increment(3);
  EXPECT_THAT(exporter->Text(), HasSubstr("units_total 3\n"));
  EXPECT_EQ(exporter->url(), "");
}

TEST(Exporter, RefusesWhatIsNoAddress) {
  const auto exporter = Exporter::Start({.address = "on"});
  EXPECT_TRUE(absl::IsInvalidArgument(exporter.status()));
  EXPECT_THAT(std::string(exporter.status().message()), AllOf(HasSubstr("--metrics=on"), HasSubstr("\"off\"")));
}

TEST(Exporter, TakesAFreePortOnlyWhereItMay) {
  const auto first = StartExporter();
  const std::string address = AddressOf(*first);
  EXPECT_TRUE(absl::IsUnavailable(Exporter::Start({.address = address}).status()));
  const auto second = Exporter::Start({.address = address, .or_free_port = true});
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_NE(AddressOf(**second), address);
}

TEST(CheckHealth, TellsWhatTheProcessSays) {
  absl::Status health;
  const auto exporter = StartExporter([&health] { return health; });
  EXPECT_TRUE(CheckHealth(AddressOf(*exporter), kLimit).ok());
  health = absl::UnavailableError("stuck for 31 s");
  EXPECT_EQ(CheckHealth(AddressOf(*exporter), kLimit), absl::UnavailableError("stuck for 31 s"));
}

// Such as a page that says 200 to whatever it is asked.
TEST(CheckHealth, OfAnotherProgramIsNoHealth) {
  const auto server =
      *HttpServer::Start(*net::ParseAddress("127.0.0.1:0", "--metrics"), "--metrics", [](std::string_view) {
        return HttpResponse{200, "text/plain", "ok\n"};
      });
  const std::string address = net::ToString(server->address());
  const absl::Status health = CheckHealth(address, kLimit);
  EXPECT_TRUE(absl::IsUnavailable(health)) << health;
  EXPECT_THAT(std::string(health.message()),
              AllOf(HasSubstr("--metrics=" + address), HasSubstr("another program than nmn's, with HTTP status 200")));
}

TEST(CheckHealth, NeedsAPort) {
  EXPECT_TRUE(absl::IsInvalidArgument(CheckHealth("off", kLimit)));
  EXPECT_TRUE(absl::IsInvalidArgument(CheckHealth("127.0.0.1:0", kLimit)));
}

}  // namespace
}  // namespace nmn::metrics
