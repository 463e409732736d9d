#include "common/failpoint/failpoint.h"

#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/rng/philox.h"

namespace nmn::failpoint {
namespace {

constexpr uint64_t kLongestDelayMilliseconds = 3'600'000;

enum class Action { kNone, kCrash, kDelay, kError };

struct Rule {
  Action action = Action::kNone;
  uint64_t milliseconds = 0;
  absl::StatusCode code = absl::StatusCode::kOk;
  uint64_t one_in = 1;
  uint64_t first = 1;  // hits [first, last] count
  uint64_t last = UINT64_MAX;
};

struct Place {
  Rule rule;
  std::atomic<uint64_t> hits{0};
};

std::array<Place, kPoints.size()> places;
uint64_t active_seed = 0;

absl::string_view View(std::string_view text) { return {text.data(), text.size()}; }

absl::Status Wrong(const std::string& part, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat("NMN_FAILPOINTS: ", part, ": ", what));
}

absl::Status WrongAction(const std::string& part) {
  return Wrong(part,
               "must be NAME=[1in:N:|hit:K:|hit:K-L:]ACTION with ACTION crash, delay:MILLISECONDS or error:CODE, "
               "e.g. error:UNAVAILABLE");
}

std::optional<size_t> IndexOf(const std::string& name) {
  for (size_t i = 0; i < kPoints.size(); ++i) {
    if (kPoints[i].name == name) return i;
  }
  return std::nullopt;
}

std::string KnownNames() {
  return absl::StrJoin(kPoints, ", ",
                       [](std::string* out, const PointInfo& point) { absl::StrAppend(out, View(point.name)); });
}

std::optional<absl::StatusCode> CodeOf(const std::string& name) {
  for (int code = 1; code <= static_cast<int>(absl::StatusCode::kUnauthenticated); ++code) {
    if (absl::StatusCodeToString(static_cast<absl::StatusCode>(code)) == name)
      return static_cast<absl::StatusCode>(code);
  }
  return std::nullopt;
}

// A whole number from `least` to `most`.
bool Number(const std::string& text, uint64_t least, uint64_t most, uint64_t& out) {
  return absl::SimpleAtoi(text, &out) && out >= least && out <= most;
}

// "K" or "K-L".
bool Range(const std::string& text, Rule& rule) {
  const std::vector<std::string> ends = absl::StrSplit(text, '-');
  if (ends.size() > 2 || !Number(ends[0], 1, UINT64_MAX, rule.first)) return false;
  rule.last = rule.first;
  return ends.size() == 1 || Number(ends[1], rule.first, UINT64_MAX, rule.last);
}

// The words of a rule between colons; false if they are not a rule.
bool ParseRule(const std::vector<std::string>& words, Rule& rule) {
  size_t w = 0;
  if (words.size() > 2 && words[0] == "1in") {
    if (!Number(words[1], 1, UINT32_MAX, rule.one_in)) return false;
    w = 2;
  } else if (words.size() > 2 && words[0] == "hit") {
    if (!Range(words[1], rule)) return false;
    w = 2;
  }
  const size_t left = words.size() - w;
  if (left == 1 && words[w] == "crash") {
    rule.action = Action::kCrash;
    return true;
  }
  if (left == 2 && words[w] == "delay") {
    rule.action = Action::kDelay;
    return Number(words[w + 1], 0, kLongestDelayMilliseconds, rule.milliseconds);
  }
  if (left == 2 && words[w] == "error") {
    rule.action = Action::kError;
    const std::optional<absl::StatusCode> code = CodeOf(words[w + 1]);
    if (code) rule.code = *code;
    return code.has_value();
  }
  return false;
}

absl::Status ParsePoint(const std::string& part, std::array<Rule, kPoints.size()>& rules) {
  const std::pair<std::string, std::string> sides = absl::StrSplit(part, absl::MaxSplits('=', 1));
  const std::optional<size_t> index = IndexOf(sides.first);
  if (!index) return Wrong(part, absl::StrCat("unknown failpoint; known are ", KnownNames()));
  Rule rule;
  if (!ParseRule(absl::StrSplit(sides.second, ':'), rule)) return WrongAction(part);
  if (rule.action == Action::kError && !kPoints[*index].can_fail)
    return Wrong(part, "this point cannot fail; use crash or delay:MILLISECONDS");
  rules[*index] = rule;
  return absl::OkStatus();
}

// Whether the hit of this number is the one of `one_in`: a pure function, so that no thread's pace matters.
bool Drawn(uint64_t seed, size_t point, uint64_t hit, uint64_t one_in) {
  const rng::Block block =
      rng::Philox4x32({static_cast<uint32_t>(hit), static_cast<uint32_t>(hit >> 32), static_cast<uint32_t>(point), 0},
                      {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)});
  return block[0] % one_in == 0;
}

}  // namespace

absl::Status internal::HitArmed(Point point) {
  const size_t index = static_cast<size_t>(point);
  Place& place = places[index];
  const Rule& rule = place.rule;
  if (rule.action == Action::kNone) return absl::OkStatus();
  const uint64_t hit = ++place.hits;
  if (hit < rule.first || hit > rule.last || !Drawn(active_seed, index, hit, rule.one_in)) return absl::OkStatus();
  const std::string message = absl::StrCat("failpoint ", View(kPoints[index].name), ", hit ", hit);
  switch (rule.action) {
    case Action::kCrash:
      std::cerr << message << ": crash" << std::endl;
      ::kill(::getpid(), SIGKILL);
      ::pause();
      break;
    case Action::kDelay:
      std::this_thread::sleep_for(std::chrono::milliseconds(rule.milliseconds));
      break;
    case Action::kError:
      return absl::Status(rule.code, message);
    case Action::kNone:
      break;
  }
  return absl::OkStatus();
}

absl::Status Arm(std::string_view specification, uint64_t seed) {
  std::array<Rule, kPoints.size()> rules;
  bool any = false;
  for (const absl::string_view part : absl::StrSplit(View(specification), ';', absl::SkipEmpty())) {
    if (absl::Status status = ParsePoint(std::string(part), rules); !status.ok()) return status;
    any = true;
  }
  internal::armed.store(false);
  for (size_t i = 0; i < places.size(); ++i) {
    places[i].rule = rules[i];
    places[i].hits = 0;
  }
  active_seed = seed;
  internal::armed.store(any);
  return absl::OkStatus();
}

absl::Status ArmFromEnvironment() {
  const char* specification = std::getenv("NMN_FAILPOINTS");
  if (specification == nullptr) return absl::OkStatus();
  uint64_t seed = 0;
  const char* seed_text = std::getenv("NMN_FAILPOINT_SEED");
  if (seed_text != nullptr && !absl::SimpleAtoi(seed_text, &seed))
    return absl::InvalidArgumentError(
        absl::StrCat("NMN_FAILPOINT_SEED is ", seed_text, "; it must be a whole number from 0 to 2^64 - 1"));
  if (absl::Status status = Arm(specification, seed); !status.ok()) return status;
  if (internal::armed.load()) std::cerr << "faults are set: NMN_FAILPOINTS=" << specification << std::endl;
  return absl::OkStatus();
}

}  // namespace nmn::failpoint
