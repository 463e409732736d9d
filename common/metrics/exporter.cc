#include "common/metrics/exporter.h"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "common/build/build.h"
#include "common/metrics/http_client.h"
#include "common/metrics/registry.h"
#include "common/net/address.h"

namespace nmn::metrics {
namespace {

constexpr char kFlag[] = "--metrics";
// What tells our answer about health from that of any other server, which may well say 200 to every path.
constexpr std::pair<const char*, const char*> kOurs = {"Server", "nmn"};
constexpr char kHealthPath[] = "/healthz";
constexpr char kTextFormat[] = "text/plain; version=0.0.4; charset=utf-8";

absl::StatusOr<net::Address> ParseMetricsAddress(const std::string& text) {
  absl::StatusOr<net::Address> address = net::ParseAddress(text, kFlag);
  if (!address.ok()) {
    return absl::InvalidArgumentError(std::string(address.status().message()) + ", or \"off\" for no metrics");
  }
  // A name for two addresses could be bound on one of them while the other belongs to someone else.
  if (address->host == "localhost") address->host = "127.0.0.1";
  return address;
}

// Who may read what, where clients show certificates.
std::vector<tls::Role> MayRead(std::string_view path) {
  if (path == kHealthPath) return {tls::Role::kActor, tls::Role::kLearner, tls::Role::kOperator};
  return {tls::Role::kActor, tls::Role::kOperator};
}

}  // namespace

Exporter::Exporter(PortProtection protection)
    : protection_(protection), registry_(std::make_unique<prometheus::Registry>()) {
  const v1::BuildInfo build = build::ThisBuild();
  AddGauge(*registry_, "nmn_build_info", "What this process was built from; always 1.",
           {{"version", build.version()}, {"commit", build.commit()}, {"rounding_class", build.rounding_class()}})
      .Set(1);
}

Exporter::~Exporter() { server_.reset(); }

absl::StatusOr<std::unique_ptr<Exporter>> Exporter::Start(const Options& options) {
  std::unique_ptr<Exporter> self(new Exporter(options.protection));
  self->SetHealth(options.health);
  if (options.address == kOff) return self;
  absl::StatusOr<net::Address> address = ParseMetricsAddress(options.address);
  if (!address.ok()) return address.status();
  const auto answer = [exporter = self.get()](std::string_view path) { return exporter->Answer(path); };
  HttpServer::Guard guard;
  if (options.protection != PortProtection::kPlainText) guard.tls = options.tls;
  if (options.protection == PortProtection::kMutual) guard.policy = MayRead;
  absl::StatusOr<std::unique_ptr<HttpServer>> server = HttpServer::Start(*address, kFlag, answer, guard);
  if (absl::IsUnavailable(server.status()) && options.or_free_port) {
    address->port = 0;
    server = HttpServer::Start(*address, kFlag, answer, guard);
  }
  if (!server.ok()) return server.status();
  self->server_ = *std::move(server);
  return self;
}

void Exporter::Add(const prometheus::Collectable& collectable) {
  MutexLock lock(mutex_);
  collectables_.push_back(&collectable);
}

void Exporter::Remove(const prometheus::Collectable& collectable) {
  MutexLock lock(mutex_);
  collectables_.erase(std::remove(collectables_.begin(), collectables_.end(), &collectable), collectables_.end());
}

void Exporter::SetHealth(std::function<absl::Status()> health) {
  MutexLock lock(health_mutex_);
  health_ = std::move(health);
}

void Exporter::Serve(const std::string& path, Page page) {
  MutexLock lock(pages_mutex_);
  if (page) {
    pages_[path] = std::move(page);
  } else {
    pages_.erase(path);
  }
}

absl::Status Exporter::Health() const {
  MutexLock lock(health_mutex_);
  return health_ ? health_() : absl::OkStatus();
}

std::string Exporter::UrlOf(const net::Address& address) const {
  return (protection_ == PortProtection::kPlainText ? "http://" : "https://") + net::ToString(address);
}

std::string Exporter::url() const { return server_ == nullptr ? "" : UrlOf(server_->address()) + "/metrics"; }

std::string Exporter::page_url() const {
  return server_ == nullptr ? "" : UrlOf(net::Reachable(server_->address())) + "/";
}

std::string Exporter::Text() const {
  std::vector<prometheus::MetricFamily> families = registry_->Collect();
  const auto append = [&families](std::vector<prometheus::MetricFamily> more) {
    std::move(more.begin(), more.end(), std::back_inserter(families));
  };
  append(process_.Collect());
  {
    MutexLock lock(mutex_);
    for (const prometheus::Collectable* collectable : collectables_) append(collectable->Collect());
  }
  std::ostringstream text;
  prometheus::TextSerializer().Serialize(text, families);
  return text.str();
}

HttpResponse Exporter::Answer(std::string_view path) const {
  if (path == "/metrics") return {200, kTextFormat, Text()};
  HttpResponse response;
  if (path == kHealthPath) {
    const absl::Status health = Health();
    response.headers.emplace_back(kOurs);
    response.status = health.ok() ? 200 : 503;
    response.body = health.ok() ? "ok\n" : std::string(health.message()) + "\n";
    return response;
  }
  MutexLock lock(pages_mutex_);
  if (const auto page = pages_.find(path); page != pages_.end()) return page->second();
  response.status = 404;
  response.body = "the paths are ";
  for (const auto& [known, unused] : pages_) response.body += known + ", ";
  response.body += "/metrics and /healthz\n";
  return response;
}

absl::Status CheckAddress(const std::string& address) {
  return address == kOff ? absl::OkStatus() : ParseMetricsAddress(address).status();
}

absl::Status CheckHealth(const std::string& address, std::chrono::milliseconds timeout, const std::string& metrics_tls,
                         tls::Tls* tls) {
  if (address == kOff) return absl::InvalidArgumentError("--health asks --metrics, which is off");
  const absl::StatusOr<net::Address> parsed = ParseMetricsAddress(address);
  if (!parsed.ok()) return parsed.status();
  if (parsed->port == 0) {
    return absl::InvalidArgumentError("--health needs the port of --metrics, not the 0 that takes a free one");
  }
  const bool said = metrics_tls == "server" || metrics_tls == "mutual";
  HttpSecurity security = HttpSecurity::kPlainText;
  if (said || (metrics_tls.empty() && tls != nullptr)) security = HttpSecurity::kTls;
  absl::StatusOr<HttpResponse> answer = HttpGet(*parsed, kHealthPath, timeout, security, tls);
  if (absl::IsUnimplemented(answer.status()) && !said) answer = HttpGet(*parsed, kHealthPath, timeout);
  if (!answer.ok()) return absl::UnavailableError(answer.status().message());
  if (answer->status == kStatusOfPlainText && answer->body.starts_with(kSpeaksTls)) {
    return absl::UnavailableError("--metrics=" + address +
                                  ": it speaks TLS; give --tls=DIR as it has, or --metrics_tls=server");
  }
  const bool ours = std::any_of(answer->headers.begin(), answer->headers.end(), [](const auto& header) {
    return header.first == kOurs.first && header.second == kOurs.second;
  });
  if (!ours) {
    return absl::UnavailableError("--metrics=" + address +
                                  ": what answers there is another program than nmn's, with HTTP status " +
                                  std::to_string(answer->status) + "; name the address of its --metrics");
  }
  if (answer->status == 200) return absl::OkStatus();
  return absl::UnavailableError(answer->body.substr(0, answer->body.find('\n')));
}

}  // namespace nmn::metrics
