#include "common/net/shed.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <bit>
#include <cerrno>
#include <mutex>

namespace nmn::net {
namespace {

using Accept4 = int (*)(int, sockaddr*, socklen_t*, int);

// In one call of accept4; the next connection makes the next call.
constexpr int kMostShed = 64;

std::mutex mutex;
int reserve = -1;  // under `mutex`
std::atomic<uint64_t> shed{0};

Accept4 NextAccept4() {
  static const auto next = reinterpret_cast<Accept4>(dlsym(RTLD_NEXT, "accept4"));
  return next;
}

bool IsShortage(int error) { return error == EMFILE || error == ENFILE; }

void TakeReserve() {
  if (reserve < 0) reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

// Whether a connection was taken and closed.
bool ShedOne(int socket) {
  const std::lock_guard<std::mutex> lock(mutex);
  if (reserve >= 0) close(reserve);
  reserve = -1;
  const int accepted = NextAccept4()(socket, nullptr, nullptr, SOCK_CLOEXEC);
  if (accepted >= 0) close(accepted);
  TakeReserve();
  return accepted >= 0;
}

}  // namespace

void KeepDescriptorInReserve() {
  const std::lock_guard<std::mutex> lock(mutex);
  TakeReserve();
}

uint64_t ShedConnections() { return shed.load(); }

}  // namespace nmn::net

extern "C" int accept4(int socket, sockaddr* address, socklen_t* length, int flags) {
  using namespace nmn::net;  // NOLINT(google-build-using-namespace)
  for (int i = 0;; ++i) {
    const int accepted = NextAccept4()(socket, address, length, flags);
    if (accepted >= 0 || !IsShortage(errno)) return accepted;
    if (i == kMostShed || !ShedOne(socket)) break;
    // At 1, 2, 4, 8 .. of them: an attack does not fill the log.
    if (const uint64_t so_far = ++shed; std::has_single_bit(so_far)) {
      spdlog::warn(
          "there is no descriptor for another connection (ulimit -n), so it was closed; {} so far. Raise the limit, or "
          "let fewer connect",
          so_far);
    }
  }
  errno = EAGAIN;
  return -1;
}
