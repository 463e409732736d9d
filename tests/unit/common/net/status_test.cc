#include "common/net/status.h"

#include <gtest/gtest.h>

namespace nmn::net {
namespace {

TEST(Status, CodeAndMessageSurviveTheRoundTrip) {
  for (const absl::Status& status : {absl::OkStatus(), absl::FailedPreconditionError("generation 3"),
                                     absl::ResourceExhaustedError("max_actors"), absl::UnauthenticatedError("who")}) {
    EXPECT_EQ(ToAbsl(ToGrpc(status)), status);
  }
}

TEST(Status, WhyAServerIsNotReachedIsInPlainWords) {
  const auto said = [](const char* words) {
    return std::string(ToAbsl(grpc::Status(grpc::StatusCode::UNAVAILABLE, words)).message());
  };
  EXPECT_EQ(said("failed to connect to all addresses; last error: UNKNOWN: ipv4:127.0.0.1:1: Failed to connect to "
                 "remote host: Connection refused"),
            "nobody listens there (Connection refused)");
  EXPECT_EQ(said("failed to connect to all addresses; last error: UNKNOWN: ipv4:192.0.2.1:1: Failed to connect to "
                 "remote host: No route to host"),
            "it cannot be reached (No route to host)");
  EXPECT_EQ(said("DNS resolution failed for a.invalid:1: C-ares status is not ARES_SUCCESS qtype=A name=a.invalid "
                 "is_balancer=0: Domain name not found"),
            "its name is not known (Domain name not found)");
  EXPECT_EQ(said("Deadline Exceeded"), "no answer came in time");
  EXPECT_EQ(said("a word of the learner: of its own"), "a word of the learner: of its own");
}

}  // namespace
}  // namespace nmn::net
