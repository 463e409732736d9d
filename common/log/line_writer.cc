#include "common/log/line_writer.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <list>
#include <string>
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
  std::list<std::string> waiting NMN_GUARDED_BY(mutex);
  size_t waiting_bytes NMN_GUARDED_BY(mutex) = 0;
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

// No memory is taken under the lock: where there is none left, the end of the process drains what is here.
void LineWriter::Say(std::string_view text) {
  std::list<std::string> one;
  one.emplace_back(text);
  MutexLock lock(state_->mutex);
  // Once something was dropped, the note comes first.
  if (state_->dropped > 0 || state_->waiting_bytes + text.size() > state_->most_bytes) {
    ++state_->dropped;
  } else {
    state_->waiting.splice(state_->waiting.end(), one);
    state_->waiting_bytes += text.size();
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
    std::list<std::string> texts;
    uint64_t dropped = 0;
    {
      MutexLock lock(state.mutex);
      state.writing = false;
      state.changed.NotifyAll();
      while (state.waiting.empty() && state.dropped == 0 && !state.ended) state.changed.Wait(state.mutex);
      if (state.ended) return;
      texts.swap(state.waiting);
      state.waiting_bytes = 0;
      dropped = std::exchange(state.dropped, 0);
      state.writing = true;
    }
    for (const std::string& text : texts) WriteAll(state.fd, text);
    if (dropped > 0) WriteAll(state.fd, state.dropped_note(dropped));
  }
}

}  // namespace nmn::log
