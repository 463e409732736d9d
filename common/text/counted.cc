#include "common/text/counted.h"

namespace nmn::text {

std::string Counted(uint64_t number, std::string_view noun) {
  return std::to_string(number) + " " + std::string(noun) + (number == 1 ? "" : "s");
}

}  // namespace nmn::text
