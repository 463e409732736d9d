#pragma once

#include <prometheus/collectable.h>
#include <prometheus/registry.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/metrics/http_server.h"
#include "common/metrics/port_protection.h"
#include "common/metrics/process_metrics.h"
#include "common/sync/mutex.h"
#include "common/tls/tls.h"

namespace nmn::metrics {

inline constexpr char kLearnerAddress[] = "127.0.0.1:9464";
inline constexpr char kActorAddress[] = "127.0.0.1:9465";
// The value of --metrics that asks for none.
inline constexpr char kOff[] = "off";
inline constexpr char kFlagHelp[] =
    "address of /metrics (Prometheus) and /healthz; port 0 takes a free one, \"off\" has none";

// Whether --metrics may say so: "off" or host:port. INVALID_ARGUMENT, in one line that begins with the flag.
absl::Status CheckAddress(const std::string& address);

// The metrics of a process and where they are read: GET /metrics in Prometheus' text format, GET /healthz, and pages
// that a process adds. Has process_* and nmn_build_info from the start. Where it is off, nobody can read it, and all
// else is the same. Thread-safe.
class Exporter {
 public:
  struct Options {
    std::string address;        // host:port, as --metrics has it
    bool or_free_port = false;  // where the port is in use: any that is free
    // What /healthz says: 200, or 503 with the reason. Called on the server's thread. Absent: always well.
    std::function<absl::Status()> health = nullptr;
    // With TLS whoever has a certificate may ask /healthz; pages are for operators and actors, if it is mutual.
    PortProtection protection = PortProtection::kPlainText;
    std::shared_ptr<tls::Tls> tls = nullptr;  // of TLS
  };

  // Errors name --metrics.
  static absl::StatusOr<std::unique_ptr<Exporter>> Start(const Options& options);
  ~Exporter();

  // Of counters, gauges and histograms that are kept up to date.
  prometheus::Registry& registry() { return *registry_; }
  // Of what is read at each scrape, on the server's thread.
  void Add(const prometheus::Collectable& collectable);
  // It is not read any more once this returns.
  void Remove(const prometheus::Collectable& collectable);

  // What /healthz says from now on. The one before is not called any more once this returns.
  void SetHealth(std::function<absl::Status()> health);

  // What GET of `path` gets from now on; null takes it away. Called on the server's thread. The one before is not
  // called any more once this returns.
  using Page = std::function<HttpResponse()>;
  void Serve(const std::string& path, Page page);

  // "http://127.0.0.1:9464/metrics", or https; empty where it is off.
  std::string url() const;
  // "http://127.0.0.1:9464/", where a browser on this machine finds page "/"; empty where it is off.
  std::string page_url() const;
  // What a scrape gets.
  std::string Text() const;

 private:
  explicit Exporter(PortProtection protection);
  std::string UrlOf(const net::Address& address) const;
  HttpResponse Answer(std::string_view path) const;
  absl::Status Health() const;

  const PortProtection protection_;
  std::unique_ptr<prometheus::Registry> registry_;
  const ProcessMetrics process_;
  mutable Mutex health_mutex_;
  std::function<absl::Status()> health_ NMN_GUARDED_BY(health_mutex_);
  mutable Mutex pages_mutex_;
  std::map<std::string, Page, std::less<>> pages_ NMN_GUARDED_BY(pages_mutex_);
  mutable Mutex mutex_;
  std::vector<const prometheus::Collectable*> collectables_ NMN_GUARDED_BY(mutex_);
  std::unique_ptr<HttpServer> server_;  // null: off. Last: its thread reads the rest
};

// Asks /healthz of the process whose --metrics and --metrics_tls these are, with the certificate of `tls` or with none.
// Without a word about TLS it is asked in TLS if there is a certificate, and in plain text if it does not speak that.
// OK: well. UNAVAILABLE, in one line: not, or nobody answers.
absl::Status CheckHealth(const std::string& address, std::chrono::milliseconds timeout,
                         const std::string& metrics_tls = "", tls::Tls* tls = nullptr);

}  // namespace nmn::metrics
