#include "common/net/status.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace nmn::net {

namespace {

// What gRPC says itself of a server that it does not reach, in words for people: "failed to connect to all addresses;
// last error: UNKNOWN: ipv4:127.0.0.1:1: Failed to connect to remote host: Connection refused".
std::string Plain(const std::string& message) {
  if (absl::StrContains(message, "Connection refused")) return "nobody listens there (Connection refused)";
  const std::string last(message.substr(message.rfind(": ") == std::string::npos ? 0 : message.rfind(": ") + 2));
  if (message.starts_with("DNS resolution failed")) return absl::StrCat("its name is not known (", last, ")");
  if (message.starts_with("failed to connect to all addresses") && absl::StrContains(message, "remote host: "))
    return absl::StrCat("it cannot be reached (", last, ")");
  return message == "Deadline Exceeded" ? "no answer came in time" : message;
}

}  // namespace

absl::Status ToAbsl(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), Plain(status.error_message()));
}

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(status.message()));
}

}  // namespace nmn::net
