#pragma once

#include <string>

namespace nmn::report {

// What is said of a path that has no config.textproto: whether it is there at all, what a report needs instead, and
// which runs are near it: one of a similar name beside it, the one that the file belongs to, or those two levels below.
std::string NoRun(const std::string& path);

}  // namespace nmn::report
