#include "tests/fault/fleet/attacks.h"

#include <arpa/inet.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <deque>
#include <string_view>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/net/channel.h"
#include "common/sync/mutex.h"
#include "tests/fault/fleet/certificates.h"
#include "tests/unit/learner/service/raw_actor.h"

namespace nmn::fault {
namespace {

using service::RawActor;
using Clock = std::chrono::steady_clock;

// Without our own client's limits on what it sends; over TLS as an actor of these ids.
std::shared_ptr<grpc::Channel> Dial(uint16_t port, const std::string& ids) {
  grpc::ChannelArguments arguments = net::ClientArguments();
  arguments.SetMaxSendMessageSize(-1);
  return grpc::CreateCustomChannel(absl::StrCat("127.0.0.1:", port), ActorCredentials(ids), arguments);
}

}  // namespace

size_t SendOversize(uint16_t port, const v1::BuildInfo& build, size_t count) {
  const auto channel = Dial(port, "oversize-*");
  v1::ActorMessage message;
  message.mutable_trajectory()->add_blocks()->mutable_data()->resize(net::kMaxMessageBytes + 1);
  size_t refused = 0;
  for (size_t i = 0; i < count; ++i) {
    RawActor actor(channel, absl::StrCat("oversize-", i), build);
    actor.Join();
    actor.Send(message);
    refused += actor.End().error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED ? 1 : 0;
  }
  return refused;
}

uint64_t Flood(uint16_t port, const v1::BuildInfo& build, size_t actors, std::chrono::milliseconds length) {
  std::atomic<uint64_t> sent = 0;
  std::deque<RawActor> flooders;
  std::vector<std::thread> threads;
  for (size_t i = 0; i < actors; ++i) {
    RawActor& actor = flooders.emplace_back(Dial(port, "flood-*"), absl::StrCat("flood-", i), build);
    actor.Join();
    v1::UnitId unit;
    unit.set_update(1);
    unit.set_count(actor.registration().config().work().unit_episodes());
    v1::ActorMessage message;
    *message.mutable_trajectory() = actor.Play(unit, 1);
    threads.emplace_back([&actor, &sent, message]() mutable {
      v1::ActorMessage heartbeat;
      heartbeat.mutable_heartbeat();
      for (uint64_t sequence = 2;; ++sequence) {
        v1::ActorMessage& next = sequence % 2 == 0 ? message : heartbeat;
        next.set_sequence(sequence);
        if (!actor.SendAsItIs(next)) return;
        ++sent;
      }
    });
  }
  // The length of the attack; a flooder that is cut off ends before it.
  poll(nullptr, 0, static_cast<int>(length.count()));
  for (RawActor& actor : flooders) actor.Cancel();
  for (std::thread& thread : threads) thread.join();
  for (RawActor& actor : flooders) actor.End();
  return sent;
}

size_t SendHugeMetadata(uint16_t port, size_t count) {
  const auto stub = v1::LearnerService::NewStub(Dial(port, "metadata-*"));
  size_t refused = 0;
  for (size_t i = 0; i < count; ++i) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
    context.AddMetadata("x-huge", std::string(64 << 10, 'x'));
    v1::GetStatusResponse response;
    refused += stub->GetStatus(&context, {}, &response).ok() ? 0 : 1;
  }
  return refused;
}

SilentConnections::SilentConnections(uint16_t port, size_t count) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  constexpr std::string_view kHalfPreface = "PRI * HTTP/2";
  for (size_t i = 0; i < count; ++i) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
      ADD_FAILURE() << "connection " << i;
      if (fd >= 0) close(fd);
      return;
    }
    if (i % 2 == 1) send(fd, kHalfPreface.data(), kHalfPreface.size(), MSG_NOSIGNAL);
    sockets_.push_back(fd);
  }
}

SilentConnections::~SilentConnections() {
  for (const int fd : sockets_) close(fd);
}

size_t SilentConnections::WaitUntilClosed(std::chrono::milliseconds limit) {
  const Clock::time_point deadline = Clock::now() + limit;
  size_t closed = 0;
  for (const int fd : sockets_) {
    // The server's settings frame may come first; the end follows.
    while (true) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
      pollfd wait{fd, POLLIN, 0};
      if (left <= 0 || poll(&wait, 1, static_cast<int>(left)) <= 0) break;
      char buffer[1024];
      if (recv(fd, buffer, sizeof(buffer), 0) > 0) continue;
      ++closed;
      break;
    }
  }
  return closed;
}

struct SilentStreams::State {
  // Counts how it ends.
  class Stream : public grpc::ClientBidiReactor<v1::ActorMessage, v1::LearnerMessage> {
   public:
    Stream(State& state, v1::LearnerService::Stub& stub) : state_(state) {
      stub.async()->Exchange(&context_, this);
      StartCall();
    }
    void Cancel() { context_.TryCancel(); }
    void OnDone(const grpc::Status& status) override {
      MutexLock lock(state_.mutex);
      --state_.open;
      state_.refused += status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED ? 1 : 0;
      state_.changed.NotifyAll();
    }

   private:
    State& state_;
    grpc::ClientContext context_;
  };

  Mutex mutex;
  CondVar changed;
  size_t open NMN_GUARDED_BY(mutex) = 0;
  size_t refused NMN_GUARDED_BY(mutex) = 0;
  std::vector<std::unique_ptr<v1::LearnerService::Stub>> stubs;
  std::deque<Stream> streams;
};

SilentStreams::SilentStreams(uint16_t port, size_t count) : state_(std::make_unique<State>()) {
  constexpr size_t kConnections = 10;
  for (size_t i = 0; i < kConnections; ++i)
    state_->stubs.push_back(v1::LearnerService::NewStub(Dial(port, "silent-*")));
  {
    MutexLock lock(state_->mutex);
    state_->open = count;
  }
  for (size_t i = 0; i < count; ++i) state_->streams.emplace_back(*state_, *state_->stubs[i % kConnections]);
}

SilentStreams::~SilentStreams() {
  for (State::Stream& stream : state_->streams) stream.Cancel();
  MutexLock lock(state_->mutex);
  while (state_->open > 0) state_->changed.Wait(state_->mutex);
}

size_t SilentStreams::WaitUntilOpen(size_t most, std::chrono::milliseconds limit) {
  const Clock::time_point deadline = Clock::now() + limit;
  MutexLock lock(state_->mutex);
  while (state_->open > most && state_->changed.WaitUntil(state_->mutex, deadline)) {
  }
  return state_->open;
}

size_t SilentStreams::refused() const {
  MutexLock lock(state_->mutex);
  return state_->refused;
}

}  // namespace nmn::fault
