#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace nmn::text {

// How much of a message an error shows, in bytes: of each of its words, and of all of it. A path of Linux has 4095 at
// most, and few have more than a hundred; a value that somebody pasted may have any number.
inline constexpr size_t kMostOfWord = 600, kMostOfLine = 6000;

// `message` as one line for a person: Printable, spaces in place of newlines, and of a word or a line that is longer
// than the above the beginning and the end, with " [.. 99400 bytes ..] " between them.
std::string OneLine(std::string_view message);

}  // namespace nmn::text
