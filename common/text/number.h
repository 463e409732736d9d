#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace nmn::text {

// Numbers that people write: on the command line, in the environment, after --set, in lists such as --seeds=1-30. All
// of these read them here, so that one text means one number everywhere.

// Decimal digits and nothing else: no sign, no space, no other base. "010" is ten. nullopt where it is none, or above
// `most`.
std::optional<uint64_t> ReadWhole(std::string_view text, uint64_t most = UINT64_MAX);

// The same with a minus before it. nullopt where it is none, or beyond an int64.
std::optional<int64_t> ReadInteger(std::string_view text);

// Whether it is a decimal number, as "-0.5", "3", ".5" or "1e-3": no plus before it, no space, no "nan", "inf" or hex.
bool IsDecimal(std::string_view text);

// Whether `number`, of any type, was read of a text that says another number than 0 and is 0: 1e-999.
bool Vanished(double number, std::string_view text);

// A decimal number as a double; nullopt where it is none, too large for one, or so small that it would be 0.
std::optional<double> ReadDecimal(std::string_view text);

// For people to read: about four digits, never an exponent: "4571", "66.31", "0.512". Tasks' returns are of any size.
std::string Rounded(double number);

}  // namespace nmn::text
