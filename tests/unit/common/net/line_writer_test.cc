#include "common/log/line_writer.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>

namespace nmn::log {
namespace {

constexpr std::chrono::seconds kLimit(60);

std::string Note(uint64_t count) { return std::to_string(count) + " dropped\n"; }

struct Pipe {
  Pipe() { EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0); }
  ~Pipe() {
    close(ends[0]);
    close(ends[1]);
  }
  // Blocks until there is something to read.
  std::string Read() const {
    char buffer[4096];
    const ssize_t got = read(ends[0], buffer, sizeof buffer);
    if (got <= 0) throw std::runtime_error("the pipe has nothing more");  // ends the test
    return std::string(buffer, static_cast<size_t>(got));
  }
  // Blocks until `mark` was read.
  std::string ReadUntil(const std::string& mark) const {
    std::string text;
    while (text.find(mark) == std::string::npos) text += Read();
    return text;
  }
  int ends[2];
};

TEST(LineWriter, WritesWhatWasSaidInItsOrder) {
  const Pipe pipe;
  LineWriter writer(pipe.ends[1], Note);
  writer.Say("one\n");
  writer.Say("two\n");
  EXPECT_TRUE(writer.Drain(kLimit));
  EXPECT_EQ(pipe.ReadUntil("two\n"), "one\ntwo\n");
}

TEST(LineWriter, AReaderThatHasStoppedHoldsUpNobodyAndLearnsHowMuchItMissed) {
  constexpr size_t kLines = 4096;  // of 1 KiB; the pipe takes 64 of them, the writer 256
  const Pipe pipe;
  LineWriter writer(pipe.ends[1], Note, 1 << 18);
  for (size_t i = 0; i < kLines; ++i) writer.Say(std::string(1023, 'x') + "\n");
  EXPECT_FALSE(writer.Drain(std::chrono::milliseconds(0)));
  size_t read = 0, dropped = 0;
  std::string text;  // a read may end within a line: its beginning stays here for the next one
  while (read + dropped < kLines) {
    text += pipe.Read();
    const size_t whole = text.rfind('\n') + 1;
    std::istringstream lines(text.substr(0, whole));
    text.erase(0, whole);
    for (std::string line; std::getline(lines, line);) {
      if (line[0] == 'x') {
        ++read;
      } else {
        dropped += std::stoul(line);
      }
    }
  }
  EXPECT_EQ(read + dropped, kLines);
  EXPECT_GE(read, 256u);
  EXPECT_GT(dropped, kLines / 2);
  EXPECT_TRUE(writer.Drain(kLimit));
  writer.Say("last\n");
  EXPECT_TRUE(writer.Drain(kLimit));
  EXPECT_EQ(pipe.ReadUntil("last\n"), "last\n");
}

TEST(LineWriter, ADescriptorThatFailsLosesTheTextAlone) {
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  LineWriter writer(full, Note);
  writer.Say("lost\n");
  EXPECT_TRUE(writer.Drain(kLimit));
  writer.Say("lost too\n");
  EXPECT_TRUE(writer.Drain(kLimit));
  close(full);
}

TEST(LineWriter, WaitsForRoomWhereSomebodyElseMadeTheDescriptorNonBlocking) {
  const Pipe pipe;
  ASSERT_EQ(fcntl(pipe.ends[1], F_SETFL, O_NONBLOCK), 0);
  LineWriter writer(pipe.ends[1], Note);
  writer.Say(std::string(1 << 19, 'x'));
  writer.Say("end\n");
  EXPECT_EQ(pipe.ReadUntil("end\n").size(), (1u << 19) + 4);
}

}  // namespace
}  // namespace nmn::log
