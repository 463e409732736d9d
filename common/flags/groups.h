#pragma once

namespace nmn::flags {

// Headings of --help, for flags that several programs and verbs have (CLI::Option::group).
inline constexpr char kOwnTaskGroup[] = "A task of your own (docs/tasks.md)";
inline constexpr char kOtherMachinesGroup[] = "Other machines (docs/security.md)";
inline constexpr char kMetricsGroup[] = "Metrics (docs/metrics.md)";

}  // namespace nmn::flags
