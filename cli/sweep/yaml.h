#pragma once

#include <string>
#include <string_view>

namespace nmn::sweep {

// UTF-8 text as a double-quoted scalar of YAML, quotes included: the same text again, whatever it holds. Every value
// that goes into a line of a manifest goes through here; keys are our own words and names of runs.
std::string YamlString(std::string_view text);

}  // namespace nmn::sweep
