#include "tests/fault/proxy/fault_proxy.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "tests/fault/proxy/loopback.h"

namespace nmn::fault {
namespace {

constexpr int kBacklog = 4096;
constexpr auto kIdle = std::chrono::seconds(3600);

void NoDelay(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

// Does not block; -1 where the kernel refuses at once.
int Dial(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const sockaddr_in address = Loopback(port);
  NoDelay(fd);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 || errno == EINPROGRESS) return fd;
  close(fd);
  return -1;
}

// Ends a connection with RST.
void Reset(int fd) {
  const linger at_once{1, 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  close(fd);
}

double Unit(std::mt19937_64& random) { return static_cast<double>(random() >> 11) * 0x1p-53; }

}  // namespace

struct FaultProxy::Connection {
  Connection(int client_fd, int server_fd)
      : client(client_fd), server(server_fd), up(client_fd, server_fd), down(server_fd, client_fd) {}
  ~Connection() {
    for (const int fd : {client, server, copy}) {
      if (fd >= 0) reset ? Reset(fd) : static_cast<void>(close(fd));
    }
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Gives the copy what the client sent; ends it at its limit, or when it is refused.
  void FeedCopy(const std::string& bytes) {
    if (copy < 0) return;
    char ignored[4096];
    while (recv(copy, ignored, sizeof(ignored), 0) > 0) {
    }
    copy_waits += bytes;
    const size_t size = std::min<size_t>(copy_waits.size(), copy_left);
    const ssize_t sent = send(copy, copy_waits.data(), size, MSG_NOSIGNAL);
    const bool later = sent < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOTCONN);
    if (sent > 0) copy_left -= static_cast<uint64_t>(sent);
    if (sent > 0) copy_waits.erase(0, static_cast<size_t>(sent));
    if ((sent < 0 && !later) || copy_left == 0) {
      Reset(copy);
      copy = -1;
    }
  }

  void AddTo(Counters& counters) const {
    counters.bytes_up += up.passed();
    counters.bytes_down += down.passed();
    counters.corrupted += up.corrupted() + down.corrupted();
  }

  const int client;
  const int server;
  Pipe up;
  Pipe down;
  std::optional<uint64_t> doomed_after;  // bytes
  int copy = -1;
  uint64_t copy_left = 0;
  std::string copy_waits;
  bool reset = true;  // how it ends, unless both sides have ended it
};

absl::StatusOr<std::unique_ptr<FaultProxy>> FaultProxy::Start(uint16_t port, uint16_t target, uint64_t seed) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address = Loopback(port);
  socklen_t size = sizeof(address);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), size) != 0 || listen(fd, kBacklog) != 0) {
    const int error = errno;
    close(fd);
    return absl::UnavailableError("port " + std::to_string(port) + ": " + std::strerror(error));
  }
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return std::unique_ptr<FaultProxy>(new FaultProxy(fd, ntohs(address.sin_port), target, seed));
}

FaultProxy::FaultProxy(int listener, uint16_t port, uint16_t target, uint64_t seed)
    : listener_(listener),
      port_(port),
      target_(target),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      random_(seed),
      thread_([this] { Loop(); }) {}

FaultProxy::~FaultProxy() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  Wake();
  thread_.join();
  close(listener_);
  close(wake_);
}

void FaultProxy::Wake() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(wake_, &one, sizeof(one));
}

void FaultProxy::Set(const Faults& faults) {
  {
    MutexLock lock(mutex_);
    schedule_.clear();
    faults_ = faults;
  }
  Wake();
}

void FaultProxy::Play(std::vector<ScheduledFaults> schedule) {
  {
    MutexLock lock(mutex_);
    schedule_ = std::move(schedule);
    schedule_began_ = Clock::now();
  }
  Wake();
}

void FaultProxy::DropConnections(double share) {
  {
    MutexLock lock(mutex_);
    for (const auto& connection : connections_) {
      if (Unit(random_) < share) connection->doomed_after = 0;
    }
  }
  Wake();
}

Counters FaultProxy::counters() const {
  MutexLock lock(mutex_);
  return counters_;
}

bool FaultProxy::WaitUntil(const std::function<bool(const Counters&)>& condition, std::chrono::milliseconds limit) {
  const Clock::time_point deadline = Clock::now() + limit;
  MutexLock lock(mutex_);
  while (!condition(counters_)) {
    if (!changed_.WaitUntil(mutex_, deadline)) return condition(counters_);
  }
  return true;
}

Clock::time_point FaultProxy::FollowSchedule(Clock::time_point now, Clock::time_point soonest) {
  while (!schedule_.empty() && schedule_began_ + schedule_.front().at <= now) {
    faults_ = schedule_.front().faults;
    schedule_.erase(schedule_.begin());
  }
  return schedule_.empty() ? soonest : std::min(soonest, schedule_began_ + schedule_.front().at);
}

void FaultProxy::Accept() {
  while (true) {
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0) return;
    NoDelay(client);
    ++counters_.accepted;
    const int server = Dial(target_);
    if (server < 0) {
      Reset(client);
      continue;
    }
    auto connection = std::make_unique<Connection>(client, server);
    if (Unit(random_) < faults_.drop) connection->doomed_after = random_() % (faults_.drop_within + 1);
    if (Unit(random_) < faults_.duplicate) {
      connection->copy = Dial(target_);
      connection->copy_left = faults_.duplicate_bytes;
      if (connection->copy >= 0) ++counters_.duplicated;
    }
    connections_.push_back(std::move(connection));
  }
}

// False when the connection is over. `client` and `server`: what poll said of them.
bool FaultProxy::Move(Connection& c, short client, short server, Clock::time_point now) {
  constexpr short kReadable = POLLIN | POLLHUP | POLLERR;
  const auto go = [](Pipe::Result result) { return result == Pipe::Result::kGoesOn; };
  std::string copy;
  if ((client & kReadable) != 0 && c.up.WantsRead(faults_.up)) {
    if (!go(c.up.Read(faults_.up, now, random_, copy))) return false;
    c.FeedCopy(copy);
  }
  if ((server & kReadable) != 0 && c.down.WantsRead(faults_.down) && !go(c.down.Read(faults_.down, now, random_, copy)))
    return false;
  if (c.up.WantsWrite(faults_.up, now) && !go(c.up.Write(now))) return false;
  if (c.down.WantsWrite(faults_.down, now) && !go(c.down.Write(now))) return false;
  if (c.doomed_after && c.up.passed() + c.down.passed() >= *c.doomed_after) {
    ++counters_.dropped;
    return false;
  }
  if (c.up.finished() && c.down.finished()) {
    c.reset = false;
    return false;
  }
  return true;
}

void FaultProxy::Count() {
  counters_.open = connections_.size();
  counters_.bytes_up = closed_.bytes_up;
  counters_.bytes_down = closed_.bytes_down;
  counters_.corrupted = closed_.corrupted;
  for (const auto& connection : connections_) connection->AddTo(counters_);
  changed_.NotifyAll();
}

void FaultProxy::Loop() {
  std::vector<pollfd> polled;
  while (true) {
    Clock::time_point wake_at;
    {
      MutexLock lock(mutex_);
      if (stopping_) {
        connections_.clear();
        return;
      }
      const Clock::time_point now = Clock::now();
      wake_at = FollowSchedule(now, now + kIdle);
      polled.assign({{wake_, POLLIN, 0}, {listener_, POLLIN, 0}});
      for (const auto& c : connections_) {
        const auto events = [&](const Pipe& in, const LinkFaults& in_faults, const Pipe& out,
                                const LinkFaults& out_faults) {
          return static_cast<short>((in.WantsRead(in_faults) ? POLLIN : 0) |
                                    (out.WantsWrite(out_faults, now) ? POLLOUT : 0));
        };
        const short client = events(c->up, faults_.up, c->down, faults_.down);
        const short server = events(c->down, faults_.down, c->up, faults_.up);
        // A socket that nothing is wanted of must not wake us by its end either.
        polled.push_back({client != 0 ? c->client : -1, client, 0});
        polled.push_back({server != 0 ? c->server : -1, server, 0});
        for (const auto& due : {c->up.NextDue(faults_.up), c->down.NextDue(faults_.down)}) {
          if (due && *due > now) wake_at = std::min(wake_at, *due);
        }
      }
    }
    const auto wait =
        std::chrono::ceil<std::chrono::milliseconds>(std::max(wake_at - Clock::now(), Clock::duration(0)));
    poll(polled.data(), polled.size(), static_cast<int>(wait.count()));
    uint64_t ignored;
    [[maybe_unused]] const ssize_t got = read(wake_, &ignored, sizeof(ignored));

    MutexLock lock(mutex_);
    const Clock::time_point now = Clock::now();
    FollowSchedule(now, now);
    size_t next = 2;  // only this thread adds and removes connections, so their order is that of `polled`
    for (auto connection = connections_.begin(); connection != connections_.end();) {
      const short client = polled[next++].revents;
      const short server = polled[next++].revents;
      if (Move(**connection, client, server, now)) {
        ++connection;
      } else {
        (*connection)->AddTo(closed_);
        connection = connections_.erase(connection);
      }
    }
    if ((polled[1].revents & POLLIN) != 0) Accept();
    Count();
  }
}

}  // namespace nmn::fault
