#include "cli/format_flag.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace nmn::cli {

void AddFormatFlag(CLI::App& verb, std::vector<std::string>& formats) {
  const auto take_each_once = [&formats](const std::vector<std::string>& given) {
    formats.clear();
    for (const std::string& format : given) {
      if (std::find(formats.begin(), formats.end(), format) == formats.end()) formats.push_back(format);
    }
  };
  verb.add_option_function<std::vector<std::string>>("--format", take_each_once,
                                                     "Formats of the figures: svg, png, pdf, or several [svg,png]")
      ->type_name("FORMAT")
      ->delimiter(',')
      ->check(CLI::IsMember({"svg", "png", "pdf"}));
}

std::string Braced(const std::vector<std::string>& names) {
  const std::string joined = absl::StrJoin(names, ",");
  return names.size() == 1 ? joined : absl::StrCat("{", joined, "}");
}

}  // namespace nmn::cli
