// The proxy between a plain client and a plain server, both in this process.

#include "tests/fault/proxy/fault_proxy.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "tests/fault/proxy/loopback.h"

namespace nmn::fault {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLimit(10'000);

// A blocking socket with time limits.
class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) {
    const timeval limit{10, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  }
  ~Socket() { Close(); }
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

  static Socket To(uint16_t port) {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in address = Loopback(port);
    EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
    return Socket(fd);
  }
  void Send(const std::string& bytes) {
    EXPECT_EQ(send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  // Up to `size` bytes; fewer where the connection ends before.
  std::string Receive(size_t size) {
    std::string bytes;
    char buffer[65536];
    while (bytes.size() < size) {
      const ssize_t got = recv(fd_, buffer, std::min(sizeof(buffer), size - bytes.size()), 0);
      if (got <= 0) {
        error_ = got < 0 ? errno : 0;
        break;
      }
      bytes.append(buffer, static_cast<size_t>(got));
    }
    return bytes;
  }
  bool HasBytes(milliseconds within) {
    pollfd poll_fd{fd_, POLLIN, 0};
    return poll(&poll_fd, 1, static_cast<int>(within.count())) > 0;
  }
  int error() const { return error_; }
  void HalfClose() { shutdown(fd_, SHUT_WR); }
  void Close() {
    if (fd_ >= 0) close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
  int error_ = 0;
};

class FaultProxyTest : public ::testing::Test {
 protected:
  FaultProxyTest() {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = Loopback(0);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(listener_, reinterpret_cast<const sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(listener_, 16), 0);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    const timeval limit{10, 0};
    setsockopt(listener_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    proxy_ = *FaultProxy::Start(0, ntohs(address.sin_port), 7);
  }
  ~FaultProxyTest() override { close(listener_); }

  Socket Accept() { return Socket(accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC)); }
  Socket Dial() { return Socket::To(proxy_->port()); }

  int listener_;
  std::unique_ptr<FaultProxy> proxy_;
};

std::string Pattern(size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 2654435761u >> 13);
  return bytes;
}

TEST_F(FaultProxyTest, WithoutFaultsBytesPassBothWaysAndTheEndToo) {
  Socket client = Dial();
  Socket server = Accept();
  client.Send("question");
  EXPECT_EQ(server.Receive(8), "question");
  client.HalfClose();
  EXPECT_EQ(server.Receive(1), "");
  EXPECT_EQ(server.error(), 0);
  server.Send("answer");
  server.Close();
  EXPECT_EQ(client.Receive(7), "answer");
  EXPECT_TRUE(proxy_->WaitUntil([](const Counters& c) { return c.open == 0 && c.accepted == 1; }, kLimit));
}

TEST_F(FaultProxyTest, DelayedBytesKeepTheirOrderAndComeNoSooner) {
  Faults faults;
  faults.up = {.delay = milliseconds(60), .jitter = milliseconds(40)};
  proxy_->Set(faults);
  Socket client = Dial();
  Socket server = Accept();
  const auto start = Clock::now();
  const std::string bytes = Pattern(100'000);
  client.Send(bytes);
  EXPECT_EQ(server.Receive(bytes.size()), bytes);
  EXPECT_GE(Clock::now() - start, milliseconds(20));
}

TEST_F(FaultProxyTest, AThrottledLineTakesItsTime) {
  Faults faults;
  faults.down.bytes_per_second = 400'000;
  proxy_->Set(faults);
  Socket client = Dial();
  Socket server = Accept();
  const auto start = Clock::now();
  server.Send(Pattern(80'000));
  EXPECT_EQ(client.Receive(80'000), Pattern(80'000));
  EXPECT_GE(Clock::now() - start, milliseconds(200));
}

TEST_F(FaultProxyTest, APartitionHoldsBytesAndEndsAndLosesNone) {
  Socket client = Dial();
  Socket server = Accept();
  client.Send("a");
  EXPECT_EQ(server.Receive(1), "a");
  Faults faults;
  faults.up.hold = faults.down.hold = true;
  proxy_->Set(faults);
  client.Send("b");
  client.HalfClose();
  EXPECT_FALSE(server.HasBytes(milliseconds(100)));
  proxy_->Set({});
  EXPECT_EQ(server.Receive(2), "b");
}

TEST_F(FaultProxyTest, AHalfPartitionHoldsOneWayOnly) {
  Faults faults;
  faults.up.hold = true;
  proxy_->Set(faults);
  Socket client = Dial();
  Socket server = Accept();
  client.Send("lost for now");
  server.Send("heard");
  EXPECT_EQ(client.Receive(5), "heard");
  EXPECT_FALSE(server.HasBytes(milliseconds(100)));
}

TEST_F(FaultProxyTest, ADoomedConnectionIsResetWithinItsBytes) {
  Faults faults;
  faults.drop = 1;
  faults.drop_within = 10'000;
  proxy_->Set(faults);
  Socket client = Dial();
  Socket server = Accept();
  server.Send(Pattern(100'000));
  EXPECT_LT(client.Receive(100'000).size(), 100'000u);
  EXPECT_EQ(client.error(), ECONNRESET);
  EXPECT_EQ(proxy_->counters().dropped, 1u);
}

TEST_F(FaultProxyTest, DropConnectionsResetsWhatIsOpenAndNewOnesPass) {
  Socket client = Dial();
  Socket server = Accept();
  client.Send("a");
  EXPECT_EQ(server.Receive(1), "a");
  proxy_->DropConnections();
  client.Receive(1);
  EXPECT_EQ(client.error(), ECONNRESET);
  Socket next = Dial();
  Socket next_server = Accept();
  next.Send("b");
  EXPECT_EQ(next_server.Receive(1), "b");
}

TEST_F(FaultProxyTest, ADuplicatedConnectionReachesTheServerTwice) {
  Faults faults;
  faults.duplicate = 1;
  proxy_->Set(faults);
  Socket client = Dial();
  client.Send("once");
  Socket one = Accept();
  Socket two = Accept();
  EXPECT_EQ(one.Receive(4), "once");
  EXPECT_EQ(two.Receive(4), "once");
  EXPECT_EQ(proxy_->counters().duplicated, 1u);
}

TEST_F(FaultProxyTest, CorruptionFlipsOneBitOfLargeBlocksAndSparesSmallOnes) {
  Faults faults;
  faults.up.corrupt = 1;
  faults.up.corrupt_from = 1000;
  proxy_->Set(faults);
  Socket client = Dial();
  Socket server = Accept();
  client.Send("small");
  EXPECT_EQ(server.Receive(5), "small");
  const std::string bytes = Pattern(4000);
  client.Send(bytes);
  const std::string got = server.Receive(bytes.size());
  int bits = 0;
  for (size_t i = 0; i < bytes.size(); ++i) bits += __builtin_popcount(static_cast<unsigned char>(bytes[i] ^ got[i]));
  EXPECT_GE(bits, 1);
  EXPECT_EQ(static_cast<uint64_t>(bits), proxy_->counters().corrupted);
}

TEST_F(FaultProxyTest, AServerThatIsNotThereResetsTheClient) {
  close(listener_);
  Socket client = Dial();
  client.Receive(1);
  EXPECT_EQ(client.error(), ECONNRESET);
}

TEST_F(FaultProxyTest, AScheduleIsFollowedByTheClock) {
  Faults held;
  held.up.hold = true;
  proxy_->Play({{milliseconds(0), held}, {milliseconds(150), {}}});
  const auto start = Clock::now();
  Socket client = Dial();
  Socket server = Accept();
  client.Send("a");
  EXPECT_EQ(server.Receive(1), "a");
  EXPECT_GE(Clock::now() - start, milliseconds(140));
}

TEST(RandomSchedule, IsAFunctionOfItsSeedAndEndsCalm) {
  const auto a = RandomSchedule(3, milliseconds(60'000), milliseconds(500));
  const auto b = RandomSchedule(3, milliseconds(60'000), milliseconds(500));
  ASSERT_EQ(a.size(), b.size());
  ASSERT_GT(a.size(), 10u);
  for (size_t i = 0; i < a.size(); ++i) EXPECT_EQ(a[i].at, b[i].at);
  EXPECT_NE(RandomSchedule(4, milliseconds(60'000), milliseconds(500))[1].at, a[1].at);
  EXPECT_FALSE(a.back().faults.up.hold || a.back().faults.down.hold);
  for (size_t i = 1; i < a.size(); ++i) {
    const bool held = a[i - 1].faults.up.hold || a[i - 1].faults.down.hold;
    EXPECT_LE(a[i].at - a[i - 1].at, milliseconds(held ? 500 : 2000));
  }
}

}  // namespace
}  // namespace nmn::fault
