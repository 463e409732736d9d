#include "common/usage/help.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

namespace nmn::usage {
namespace {

constexpr size_t kLeastWidth = 60;
constexpr size_t kMargin = 2;
constexpr size_t kColumn = 28;  // where sentences begin
constexpr char kEnvironment[] = "A flag --some_flag can also be set as NMN_SOME_FLAG in the environment.";

// `line`, and `text` behind it, on lines of `width` characters that begin with `indent` spaces.
std::string Broken(std::string line, const std::string& text, size_t indent, size_t width) {
  std::string lines;
  bool empty = true;  // is the line's sentence
  for (const absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    if (!empty && line.size() + 1 + word.size() > width) {
      absl::StrAppend(&lines, line, "\n");
      line.assign(indent, ' ');
      empty = true;
    }
    absl::StrAppend(&line, empty ? "" : " ", word);
    empty = false;
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return absl::StrCat(lines, line, "\n");
}

// "  HEAD   text": a long head has a line to itself.
std::string Entry(const std::string& head, const std::string& text, size_t width) {
  std::string line = std::string(kMargin, ' ') + head, first;
  if (line.size() + kMargin > kColumn) {
    first = line;
    line.clear();
  }
  line.resize(kColumn, ' ');
  return absl::StrCat(first, first.empty() ? "" : "\n", Broken(line, text, kColumn, width));
}

// What stands below the flags. Commands stay as they are: lines that begin with a space or with "Example". Of the rest
// a line that does not end with a sentence goes on in the next.
std::string Footer(const std::string& footer, size_t width) {
  std::string lines, prose;
  const auto flush = [&] {
    if (!prose.empty()) lines += Broken("", std::exchange(prose, ""), 0, width);
  };
  for (const absl::string_view line : absl::StrSplit(footer, '\n', absl::SkipEmpty())) {
    const bool command = line[0] == ' ' || absl::StartsWith(line, "Example") || absl::StartsWith(line, "Begin with");
    if (command) {
      flush();
      absl::StrAppend(&lines, line, "\n");
      continue;
    }
    absl::StrAppend(&prose, prose.empty() ? "" : " ", line);
    if (absl::string_view(".:;?").find(line.back()) != absl::string_view::npos) flush();
  }
  flush();
  return lines;
}

// Whether a sentence names each of the words, so that it need not be said again.
bool Names(const std::string& sentence, const std::vector<std::string>& words) {
  return std::all_of(words.begin(), words.end(),
                     [&](const std::string& word) { return absl::StrContains(sentence, word); });
}

// What may stand there and what stands there else, as far as the sentence does not say it: " [1 to 9; default 4]".
std::string Taken(const std::string& sentence, const Value& value, const std::string& usual, bool required) {
  std::vector<std::string> parts;
  if (!value.range.empty()) parts.push_back(value.range);
  if (value.closed && !Names(sentence, value.words)) {
    parts.push_back(absl::StrCat(value.list ? "some of " : "", absl::StrJoin(value.words, ", ")));
  }
  if (!usual.empty()) parts.push_back(absl::StrCat("default: ", usual));
  if (required) parts.push_back("required");
  return parts.empty() ? "" : absl::StrCat(" [", absl::StrJoin(parts, "; "), "]");
}

std::string EntryOf(const Flag& flag, size_t width) {
  const std::string value = flag.is_switch ? "" : absl::StrCat("=", flag.value.name);
  return Entry(absl::StrCat(absl::StrJoin(flag.names, ", "), value, flag.repeated ? " ..." : ""),
               absl::StrCat(flag.help, Taken(flag.help, flag.value, flag.usual, flag.required)), width);
}

std::string EntryOf(const Operand& operand, size_t width) {
  return Entry(absl::StrCat(operand.value.name, operand.repeated ? " ..." : ""),
               absl::StrCat(operand.help, Taken(operand.help, operand.value, "", operand.required)), width);
}

std::string Call(const Verb& verb) {
  std::string call = absl::StrCat("Usage: ", verb.name);
  if (!verb.flags.empty()) call += " [OPTION]...";
  const std::string below = " VERB [ARGUMENT]...";
  if (verb.operands.empty()) return absl::StrCat(call, verb.verbs.empty() ? "" : below, "\n");
  for (const Operand& operand : verb.operands) {
    const std::string name = operand.value.name + (operand.repeated ? "..." : "");
    absl::StrAppend(&call, " ", operand.required ? name : absl::StrCat("[", name, "]"));
  }
  return absl::StrCat(call, "\n", verb.verbs.empty() ? "" : absl::StrCat("   or: ", verb.name, below, "\n"));
}

// The groups of its flags, in the order of their first flags.
std::vector<std::string> GroupsOf(const Verb& verb) {
  std::vector<std::string> groups;
  for (const Flag& flag : verb.flags) {
    if (std::find(groups.begin(), groups.end(), flag.group) == groups.end()) groups.push_back(flag.group);
  }
  return groups;
}

}  // namespace

std::string HelpText(const Verb& verb, size_t width) {
  width = std::max(width, kLeastWidth);
  std::string text = absl::StrCat(verb.summary, "\n", Call(verb));
  if (!verb.operands.empty()) text += "\nArguments:\n";
  for (const Operand& operand : verb.operands) text += EntryOf(operand, width);
  for (const std::string& group : GroupsOf(verb)) {
    absl::StrAppend(&text, "\n", group, ":\n");
    for (const Flag& flag : verb.flags) {
      if (flag.group == group) text += EntryOf(flag, width);
    }
  }
  if (!verb.verbs.empty()) text += "\nVerbs:\n";
  for (const Verb& below : verb.verbs) text += Entry(below.word(), below.summary, width);
  return absl::StrCat(text, "\n", Footer(absl::StrCat(verb.footer, "\n", kEnvironment), width));
}

}  // namespace nmn::usage
