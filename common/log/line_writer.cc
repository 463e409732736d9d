#include "common/log/line_writer.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <thread>
#include <utility>

#include "common/sync/mutex.h"

namespace nmn::log {

struct LineWriter::State {
  State(int fd, DroppedNote dropped_note, size_t most_bytes)
      : fd(fd), dropped_note(std::move(dropped_note)), most_bytes(most_bytes) {}

  const int fd;
  const DroppedNote dropped_note;
  const size_t most_bytes;
  Mutex mutex;
  CondVar changed;
  std::string waiting NMN_GUARDED_BY(mutex);
  uint64_t dropped NMN_GUARDED_BY(mutex) = 0;
  bool writing NMN_GUARDED_BY(mutex) = false;
  bool ended NMN_GUARDED_BY(mutex) = false;
};

bool WriteAll(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(fd, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EAGAIN) {  // somebody who shares the descriptor does not want to wait
      pollfd room{fd, POLLOUT, 0};
      poll(&room, 1, -1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

LineWriter::LineWriter(int fd, DroppedNote dropped_note, size_t most_bytes)
    : state_(std::make_shared<State>(fd, std::move(dropped_note), most_bytes)) {
  std::thread([state = state_] { Write(*state); }).detach();
}

LineWriter::~LineWriter() {
  MutexLock lock(state_->mutex);
  state_->ended = true;
  state_->changed.NotifyAll();
}

void LineWriter::Say(std::string_view text) {
  MutexLock lock(state_->mutex);
  // Once something was dropped, the note comes first.
  if (state_->dropped > 0 || state_->waiting.size() + text.size() > state_->most_bytes) {
    ++state_->dropped;
  } else {
    state_->waiting.append(text);
  }
  state_->changed.NotifyAll();
}

bool LineWriter::Drain(std::chrono::milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  MutexLock lock(state_->mutex);
  const auto done = [this]() NMN_REQUIRES(state_->mutex) {
    return state_->waiting.empty() && state_->dropped == 0 && !state_->writing;
  };
  while (!done()) {
    if (!state_->changed.WaitUntil(state_->mutex, deadline)) return done();
  }
  return true;
}

void LineWriter::Write(State& state) {
  while (true) {
    std::string text;
    uint64_t dropped = 0;
    {
      MutexLock lock(state.mutex);
      state.writing = false;
      state.changed.NotifyAll();
      while (state.waiting.empty() && state.dropped == 0 && !state.ended) state.changed.Wait(state.mutex);
      if (state.ended) return;
      text.swap(state.waiting);
      dropped = std::exchange(state.dropped, 0);
      state.writing = true;
    }
    if (dropped > 0) text += state.dropped_note(dropped);
    WriteAll(state.fd, text);
  }
}

}  // namespace nmn::log
