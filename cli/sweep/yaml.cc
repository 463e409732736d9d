#include "cli/sweep/yaml.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace nmn::sweep {

std::string YamlString(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += {'\\', c};
    } else if (byte < 0x20 || byte == 0x7f) {
      absl::StrAppend(&quoted, absl::StrFormat("\\x%02x", byte));
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

}  // namespace nmn::sweep
