#pragma once

#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace nmn::log {

inline constexpr char kFormatHelp[] = "text, json (one object a line) or auto: text on a terminal, json elsewhere";

// What --log_level and --log_format take.
std::vector<std::string> Levels();
std::vector<std::string> Formats();

// Sets up spdlog's default logger on stderr: text for people (coloured where common/terminal says so), or one JSON
// object a line
// ({"time": .., "level": .., "program": .., "message": ..}). Payloads and secrets are never logged.
// `level`: of Levels; `format`: of Formats. Anything else is INVALID_ARGUMENT, naming
// --log_level or --log_format and what they take.
absl::Status SetUp(std::string_view program, std::string_view level, std::string_view format = "auto");

// Puts `text` on stderr, where log lines go too: at once and blocking, or after WriteFromAThread in its turn and
// without waiting for whoever reads stderr.
void Say(std::string_view text);

// The last words of a program that fails, on one line: "who: the failure's message", as a terminal may show it.
void SayError(std::string_view who, const absl::Status& failure);

// A stream that leads to Say, whenever it is flushed.
std::FILE* Stream();

// From now on a thread writes what goes to stderr, and what nobody reads is dropped after 1 MiB and counted: for a
// process whose work must not stall because somebody stopped to read its log. Idempotent. Where no thread can be
// started, all stays as it was.
void WriteFromAThread();

// Blocks until all that was said is on stderr, or `limit` passes. Before a process ends.
void Drain(std::chrono::milliseconds limit);

// `text` as the inside of a JSON string, quotes included; bytes that are no UTF-8 become U+FFFD.
std::string JsonString(std::string_view text);

}  // namespace nmn::log
