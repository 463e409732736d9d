#pragma once

#include <chrono>
#include <string>

#include "absl/status/statusor.h"
#include "common/metrics/http_server.h"
#include "common/net/address.h"
#include "common/tls/tls.h"

namespace nmn::metrics {

enum class HttpSecurity { kPlainText, kTls };

// GET of a path from an HttpServer, with all headers of the answer. UNAVAILABLE: nobody answers within `timeout`, or
// what they answer is no HTTP. An address that stands for all of a machine (0.0.0.0, [::]) is asked on loopback.
// In TLS (session.h, Connect) with the certificate of `tls`, or with none; UNIMPLEMENTED: they speak plain text.
absl::StatusOr<HttpResponse> HttpGet(const net::Address& address, const std::string& path,
                                     std::chrono::milliseconds timeout,
                                     HttpSecurity security = HttpSecurity::kPlainText, tls::Tls* tls = nullptr);

}  // namespace nmn::metrics
