#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace nmn::flags {

// `word` as a POSIX shell reads it back: as it is where it holds nothing special, else in single quotes, or as what
// printf prints where it holds what a log or a terminal would change.
std::string ShellQuoted(const std::string& word);

// How a person calls this process's program `name` again: by the path that it was called by, quoted for a shell, or by
// its name where PATH found it.
std::string CalledAs(const std::string& name);

// "nmn train --resume --run_dir='my runs/a' --actors=2": the name of `verb` (CalledAs), `first`, then the flags it was
// given, on the command line or in the environment, but for those named in `without`. For a person to copy.
std::string CommandAgain(const CLI::App& verb, const std::vector<std::string>& first,
                         const std::vector<std::string>& without);

}  // namespace nmn::flags
