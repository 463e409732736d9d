#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace nmn::log {

// Writes text to a descriptor from a thread of its own, so that a reader who has stopped reading does not hold anybody
// up. What waits is bounded: beyond `most_bytes` whole texts are dropped and counted, and once there is room again
// `dropped_note(count)` stands in their place. Errors of the descriptor lose the text and nothing else. Thread-safe.
// Say only takes a short lock.
class LineWriter {
 public:
  using DroppedNote = std::function<std::string(uint64_t count)>;
  static constexpr size_t kMostBytes = 1 << 20;

  LineWriter(int fd, DroppedNote dropped_note, size_t most_bytes = kMostBytes);  // throws if no thread can start
  ~LineWriter();  // does not wait: what is not written yet is lost; see Drain
  LineWriter(const LineWriter&) = delete;
  LineWriter& operator=(const LineWriter&) = delete;

  void Say(std::string_view text);
  // Blocks until everything is written or `limit` has passed. True if everything is written.
  bool Drain(std::chrono::milliseconds limit);

 private:
  struct State;
  static void Write(State& state);

  std::shared_ptr<State> state_;  // shared with the thread, which may outlive this in a write that never ends
};

// Writes all of `text` to `fd`, however long that takes. False if the descriptor refuses it. Allocates nothing.
bool WriteAll(int fd, std::string_view text);

}  // namespace nmn::log
