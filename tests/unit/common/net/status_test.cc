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

}  // namespace
}  // namespace nmn::net
