#include "common/log/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "common/log/line_writer.h"
#include "common/terminal/terminal.h"
#include "common/text/counted.h"
#include "common/text/one_line.h"
#include "common/text/utf8.h"

namespace nmn::log {
namespace {

// Neither is destroyed: the thread that writes may be in a write that does not end.
std::atomic<LineWriter*> writer{nullptr};
std::atomic<const std::string*> json_program{nullptr};  // set if lines are JSON

// %* of the pattern: the message, as a JSON string or as it is. It may quote the paths of others.
class Message : public spdlog::custom_flag_formatter {
 public:
  explicit Message(bool json) : json_(json) {}

  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    std::string text = text::Printable(std::string_view(message.payload.data(), message.payload.size()));
    if (json_) text = JsonString(text);
    out.append(text.data(), text.data() + text.size());
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<Message>(json_); }

 private:
  const bool json_;
};

// `pattern` may have %*.
std::unique_ptr<spdlog::formatter> Formatter(const std::string& pattern, spdlog::pattern_time_type time, bool json) {
  auto formatter = std::make_unique<spdlog::pattern_formatter>(time);
  formatter->add_flag<Message>('*', json);
  formatter->set_pattern(pattern);
  return formatter;
}

// Lines by way of Say, coloured by their level on a terminal.
class StderrSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit StderrSink(bool coloured) : coloured_(coloured) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    const std::string_view text(line.data(), line.size());
    if (!coloured_ || message.color_range_end <= message.color_range_start) {
      Say(text);
      return;
    }
    const size_t begin = message.color_range_start, end = message.color_range_end;
    Say(std::string(text.substr(0, begin))
            .append(kColours[static_cast<size_t>(message.level)])
            .append(text.substr(begin, end - begin))
            .append(kReset)
            .append(text.substr(end)));
  }
  void flush_() override {}

 private:
  // Of trace, debug, info, warn, error, critical and off.
  static constexpr std::array<std::string_view, 7> kColours = {
      "\x1b[37m", "\x1b[36m", "\x1b[32m", "\x1b[33m\x1b[1m", "\x1b[31m\x1b[1m", "\x1b[1m\x1b[41m", ""};
  static constexpr std::string_view kReset = "\x1b[m";

  const bool coloured_;
};

std::unique_ptr<spdlog::formatter> JsonFormatter(std::string_view program) {
  return Formatter(
      R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","program":")" + std::string(program) + R"(","message":%*})",
      spdlog::pattern_time_type::utc, /*json=*/true);
}

std::string DroppedNote(uint64_t count) {
  const std::string text =
      text::Counted(count, "line") + (count == 1 ? " was" : " were") + " dropped here: nobody read them";
  const std::string* program = json_program.load(std::memory_order_acquire);
  if (program == nullptr) return text + "\n";
  spdlog::memory_buf_t line;
  JsonFormatter(*program)->format(spdlog::details::log_msg("", spdlog::level::warn, text), line);
  return std::string(line.data(), line.size());
}

// The name, for as long as the process lives: the thread that writes may read it while another is set.
const std::string* Kept(std::string_view program) {
  static auto* const names = new std::set<std::string>();
  return &*names->emplace(program).first;
}

absl::Status NotOneOf(std::string_view flag, std::string_view value, const std::vector<std::string>& legal) {
  std::string message = std::string(flag) + "=" + std::string(value) + ": it must be one of ";
  for (size_t i = 0; i < legal.size(); ++i) message += (i == 0 ? "" : ", ") + legal[i];
  return absl::InvalidArgumentError(message);
}

}  // namespace

void Say(std::string_view text) {
  if (LineWriter* thread = writer.load(std::memory_order_acquire); thread != nullptr) {
    thread->Say(text);
  } else {
    WriteAll(STDERR_FILENO, text);
  }
}

void SayError(std::string_view who, const absl::Status& failure) {
  const std::string line = text::OneLine({failure.message().data(), failure.message().size()});
  Say(std::string(who) + ": " + line + "\n");
}

std::FILE* Stream() {
  static std::FILE* const stream = [] {
    cookie_io_functions_t calls{};
    calls.write = [](void*, const char* text, size_t size) {
      Say({text, size});
      return static_cast<ssize_t>(size);
    };
    std::FILE* const made = fopencookie(nullptr, "w", calls);
    return made == nullptr ? stderr : made;
  }();
  return stream;
}

void WriteFromAThread() {
  static std::once_flag once;
  std::call_once(once, [] {
    try {
      writer.store(new LineWriter(STDERR_FILENO, DroppedNote), std::memory_order_release);
    } catch (const std::system_error&) {
    }
  });
}

void Drain(std::chrono::milliseconds limit) {
  if (LineWriter* thread = writer.load(std::memory_order_acquire); thread != nullptr) thread->Drain(limit);
}

std::string JsonString(std::string_view text) {
  return nlohmann::json(std::string(text)).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::vector<std::string> Levels() { return {"trace", "debug", "info", "warn", "error", "off"}; }

std::vector<std::string> Formats() { return {"auto", "text", "json"}; }

absl::Status SetUp(std::string_view program, std::string_view level, std::string_view format) {
  const auto parsed = spdlog::level::from_str(std::string(level));
  if (parsed == spdlog::level::critical || (parsed == spdlog::level::off && level != "off"))
    return NotOneOf("--log_level", level, Levels());
  if (const std::vector<std::string> formats = Formats();
      std::find(formats.begin(), formats.end(), format) == formats.end())
    return NotOneOf("--log_format", format, formats);
  const bool coloured = terminal::MayColour(STDERR_FILENO);
  auto logger = std::make_shared<spdlog::logger>(std::string(program), std::make_shared<StderrSink>(coloured));
  if (format == "text" || (format == "auto" && isatty(STDERR_FILENO) != 0)) {
    json_program.store(nullptr, std::memory_order_release);
    logger->set_formatter(Formatter("%H:%M:%S %^%l%$ %*", spdlog::pattern_time_type::local, /*json=*/false));
  } else {
    json_program.store(Kept(program), std::memory_order_release);
    logger->set_formatter(JsonFormatter(program));
  }
  logger->set_level(parsed);
  spdlog::set_default_logger(std::move(logger));
  return absl::OkStatus();
}

}  // namespace nmn::log
