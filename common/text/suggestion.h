#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace nmn::text {

// Those of `candidates` that `name` may have meant, nearest first by edit distance: at most three, none where all are
// far. Upper and lower case are one.
std::vector<std::string> Near(std::string_view name, const std::vector<std::string>& candidates);

// "; did you mean --seed?", or "; did you mean a or b?"; "" where none is near.
std::string DidYouMean(std::string_view name, const std::vector<std::string>& candidates);

// The same; where none is near "; KINDS are a, b, c".
std::string Suggestion(std::string_view name, const std::vector<std::string>& candidates, std::string_view kinds);

}  // namespace nmn::text
