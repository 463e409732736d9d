#include "common/text/one_line.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/text/utf8.h"

namespace nmn::text {
namespace {

bool IsInsideOfCharacter(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

// Both ends of what is longer than `most`, without half a character. `text` is UTF-8.
std::string WithoutMiddle(const std::string& text, size_t most) {
  if (text.size() <= most) return text;
  size_t first = most / 2, last = text.size() - most / 2;
  while (first > 0 && IsInsideOfCharacter(text[first])) --first;
  while (last < text.size() && IsInsideOfCharacter(text[last])) ++last;
  return absl::StrCat(text.substr(0, first), " [.. ", last - first, " bytes ..] ", text.substr(last));
}

}  // namespace

std::string OneLine(std::string_view message) {
  std::string line = Printable(message);
  std::replace(line.begin(), line.end(), '\n', ' ');
  if (line.size() <= kMostOfWord) return line;
  std::vector<std::string> words = absl::StrSplit(line, ' ');
  for (std::string& word : words) word = WithoutMiddle(word, kMostOfWord);
  return WithoutMiddle(absl::StrJoin(words, " "), kMostOfLine);
}

}  // namespace nmn::text
