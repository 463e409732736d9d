#pragma once

#include <cstddef>
#include <optional>

namespace nmn::terminal {

// Whether a line can be written over where this descriptor leads: a terminal whose TERM says that it is more than
// "dumb".
bool MayRewrite(int descriptor);

// Whether it may be coloured too: nobody has set NO_COLOR (https://no-color.org: present and not empty).
bool MayColour(int descriptor);

// Characters of a line where this descriptor leads; nullopt if that is no terminal, or one that does not say.
std::optional<size_t> Columns(int descriptor);

}  // namespace nmn::terminal
