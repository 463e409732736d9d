#include "common/net/shed.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <set>
#include <thread>

namespace nmn::net {
namespace {

using Accept4 = int (*)(int, sockaddr*, socklen_t*, int);

constexpr std::chrono::milliseconds kLookAgain(20);

Accept4 NextAccept4() {
  static const auto next = reinterpret_cast<Accept4>(dlsym(RTLD_NEXT, "accept4"));
  return next;
}

bool IsShortage(int error) { return error == EMFILE || error == ENFILE; }

// At 1, 2, 4, 8 .. of them: an attack does not fill the log.
void Tell(uint64_t closed) {
  if (!std::has_single_bit(closed)) return;
  spdlog::warn(
      "there is no descriptor for another connection (ulimit -n), so it was closed; {} so far. Raise the limit, or let "
      "fewer connect",
      closed);
}

class Shedder {
 public:
  // As accept4, which tells of a shortage where nobody waits, too.
  int Accept(int socket, sockaddr* address, socklen_t* length, int flags) {
    const std::lock_guard<std::mutex> lock(mutex_);  // else two threads would take each other's reserve
    while (true) {
      const int accepted = NextAccept4()(socket, address, length, flags);
      if (accepted >= 0 || !IsShortage(errno)) return accepted;
      const int error = ShedOne(socket);
      if (error == 0) continue;
      if (IsShortage(error)) {
        owed_.insert(socket);
        changed_.notify_one();
      }
      errno = IsShortage(error) ? EAGAIN : error;
      return -1;
    }
  }

  void Reserve() {
    const std::lock_guard<std::mutex> lock(mutex_);
    TakeReserve();
    if (watches_) return;
    watches_ = true;
    std::thread([this] { Watch(); }).detach();
  }

 private:
  void TakeReserve() {
    for (int& descriptor : reserve_) {
      if (descriptor < 0) descriptor = open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
  }

  // Closes the connection that waits longest. EAGAIN: nobody waits. EMFILE or ENFILE: other threads took the reserve.
  int ShedOne(int socket) {
    for (int& descriptor : reserve_) {
      if (descriptor < 0) continue;
      close(descriptor);
      descriptor = -1;
      const int accepted = NextAccept4()(socket, nullptr, nullptr, SOCK_CLOEXEC);
      const int error = accepted < 0 ? errno : 0;
      if (accepted >= 0) close(accepted);
      if (IsShortage(error)) continue;
      TakeReserve();
      if (error == 0) Tell(++shed_);
      return error;
    }
    TakeReserve();
    return EMFILE;
  }

  // gRPC asks again when a connection comes, and into a queue that is full none comes: a queue that had to be left is
  // emptied as soon as a descriptor is free. Whoever waited in it tries again.
  void Watch() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] { return !owed_.empty(); });
      lock.unlock();
      std::this_thread::sleep_for(kLookAgain);
      lock.lock();
      TakeReserve();
      std::erase_if(owed_, [this](int socket) {
        int error = 0;
        while (error == 0) error = ShedOne(socket);
        return !IsShortage(error);
      });
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::array<int, 4> reserve_ = {-1, -1, -1, -1};
  std::set<int> owed_;  // sockets whose queues had to be left
  bool watches_ = false;
  uint64_t shed_ = 0;
};

Shedder& TheShedder() {
  static Shedder& shedder = *new Shedder;  // threads go on while a process ends
  return shedder;
}

}  // namespace

void KeepDescriptorsInReserve() { TheShedder().Reserve(); }

}  // namespace nmn::net

extern "C" int accept4(int socket, sockaddr* address, socklen_t* length, int flags) {
  return nmn::net::TheShedder().Accept(socket, address, length, flags);
}
