#pragma once

#include <cstdint>
#include <string>

namespace nmn::fault {

// Rows of the fault matrix (docs/reliability.md). Each is a ctest with label `fault` and has a short form, for
// `make test`, and a full one, for `make fault` (NMN_FAULT_FULL=1). In the short form a process that is not done after
// five minutes is ended: the limit of ctest is that of the full form.

bool Full();
inline uint64_t Count(uint64_t short_form, uint64_t full_form) { return Full() ? full_form : short_form; }

// Whether limits of memory mean anything: AddressSanitizer keeps for a while what is freed.
#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kMemoryIsGivenBack = false;
#else
inline constexpr bool kMemoryIsGivenBack = true;
#endif

// Prints "row 6: 1234 operations, 0 violations" on a line of stdout, and appends it to the file that NMN_FAULT_FIGURES
// names, if it is set.
void PrintFigure(const std::string& row, const std::string& figure);

}  // namespace nmn::fault
