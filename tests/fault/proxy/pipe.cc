#include "tests/fault/proxy/pipe.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace nmn::fault {
namespace {

constexpr size_t kBlockBytes = 16 << 10;
// About what a kernel would buffer; then the sender feels it.
constexpr size_t kMostWaiting = 256 << 10;

bool OnlyLater() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

double Unit(std::mt19937_64& random) { return static_cast<double>(random() >> 11) * 0x1p-53; }

}  // namespace

bool Pipe::WantsRead(const LinkFaults& faults) const { return !ended_ && !faults.hold && waiting_ < kMostWaiting; }

bool Pipe::WantsWrite(const LinkFaults& faults, Clock::time_point now) const {
  if (faults.hold || end_passed_on_) return false;
  return blocks_.empty() ? ended_ : blocks_.front().due <= now;
}

std::optional<Clock::time_point> Pipe::NextDue(const LinkFaults& faults) const {
  if (faults.hold || blocks_.empty()) return std::nullopt;
  return blocks_.front().due;
}

Pipe::Result Pipe::Read(const LinkFaults& faults, Clock::time_point now, std::mt19937_64& random, std::string& copy) {
  std::string bytes(kBlockBytes, '\0');
  const ssize_t got = recv(from_, bytes.data(), bytes.size(), 0);
  if (got < 0) return OnlyLater() ? Result::kGoesOn : Result::kBroken;
  if (got == 0) {
    ended_ = true;
    return Result::kGoesOn;
  }
  bytes.resize(static_cast<size_t>(got));
  copy = bytes;
  if (bytes.size() >= faults.corrupt_from && faults.corrupt > 0 && Unit(random) < faults.corrupt) {
    bytes[random() % bytes.size()] ^= static_cast<char>(1 << random() % 8);
    ++corrupted_;
  }
  const auto lateness = std::chrono::duration<double>(faults.delay) +
                        std::chrono::duration<double>(faults.jitter) * (2 * Unit(random) - 1);
  Clock::time_point due = now + std::chrono::duration_cast<Clock::duration>(lateness);
  if (faults.bytes_per_second > 0) {
    const std::chrono::duration<double> takes(static_cast<double>(bytes.size()) /
                                              static_cast<double>(faults.bytes_per_second));
    line_free_ = std::max(line_free_, now) + std::chrono::duration_cast<Clock::duration>(takes);
    due = std::max(due, line_free_);
  }
  last_due_ = std::max(last_due_, due);
  waiting_ += bytes.size();
  blocks_.push_back({last_due_, std::move(bytes)});
  return Result::kGoesOn;
}

Pipe::Result Pipe::Write(Clock::time_point now) {
  while (!blocks_.empty() && blocks_.front().due <= now) {
    std::string& bytes = blocks_.front().bytes;
    const ssize_t sent = send(to_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) return OnlyLater() ? Result::kGoesOn : Result::kBroken;
    passed_ += static_cast<uint64_t>(sent);
    waiting_ -= static_cast<size_t>(sent);
    if (static_cast<size_t>(sent) < bytes.size()) {
      bytes.erase(0, static_cast<size_t>(sent));
      return Result::kGoesOn;
    }
    blocks_.pop_front();
  }
  if (blocks_.empty() && ended_ && !end_passed_on_) {
    end_passed_on_ = true;
    shutdown(to_, SHUT_WR);
  }
  return Result::kGoesOn;
}

}  // namespace nmn::fault
