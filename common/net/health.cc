#include "common/net/health.h"

#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/support/byte_buffer.h>

#include <future>
#include <string>
#include <vector>

#include "common/net/status.h"
#include "common/sync/hand_over.h"

namespace nmn::net {
namespace {

// grpc.health.v1 in the few bytes that are needed, as Debian's gRPC ships no generated health service: an empty
// request; the response is `status`, field 1, an enum.
constexpr unsigned char kStatusTag = 1 << 3;
constexpr unsigned char kServing = 1;
constexpr unsigned char kNotServing = 2;

std::string Bytes(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  std::string bytes;
  if (!buffer.Valid() || !buffer.Dump(&slices).ok()) return bytes;
  for (const grpc::Slice& slice : slices) bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return bytes;
}

}  // namespace

absl::Status CheckHealth(const std::shared_ptr<grpc::Channel>& channel, std::chrono::milliseconds timeout) {
  grpc::GenericStub stub(channel);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + timeout);
  grpc::Slice nothing;
  const grpc::ByteBuffer request(&nothing, 1);
  grpc::ByteBuffer response;
  std::promise<grpc::Status> done;
  HandOver(&done);
  stub.UnaryCall(&context, "/grpc.health.v1.Health/Check", grpc::StubOptions(), &request, &response,
                 [&](grpc::Status status) {
                   TakeOver(&done);
                   done.set_value(std::move(status));
                 });
  const grpc::Status status = done.get_future().get();
  if (!status.ok()) return absl::UnavailableError(ToAbsl(status).message());
  const std::string bytes = Bytes(response);
  const bool has_status = bytes.size() == 2 && static_cast<unsigned char>(bytes[0]) == kStatusTag;
  const auto value = has_status ? static_cast<unsigned char>(bytes[1]) : 0;
  if (value == kServing) return absl::OkStatus();
  return absl::UnavailableError(value == kNotServing ? "NOT_SERVING" : "UNKNOWN");
}

}  // namespace nmn::net
