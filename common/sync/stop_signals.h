#pragma once

#include <array>
#include <csignal>

namespace nmn {

// By which somebody asks a process to end: a person, a terminal that is closed, a scheduler, which sends some ahead of
// a time limit, a limit of CPU time, an alarm that a parent had set, a machine whose power fails.
inline constexpr std::array kStopSignals = {SIGINT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2, SIGXCPU, SIGALRM, SIGPWR};

}  // namespace nmn
