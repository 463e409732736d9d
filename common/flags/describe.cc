#include "common/flags/describe.h"

#include <CLI/CLI.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/flags/arguments.h"

namespace nmn::flags {
namespace {

// "TEXT:{local,slurm}": the words; empty if none are checked.
std::vector<std::string> CheckedWords(const CLI::Option& option) {
  const std::string name = option.get_type_name();
  const size_t begin = name.find(":{"), end = name.find('}', begin);
  if (begin == std::string::npos || end == std::string::npos) return {};
  return absl::StrSplit(name.substr(begin + 2, end - begin - 2), ',');
}

usage::Value ValueOf(const CLI::Option& option, const std::string& name, const usage::Kinds& kinds) {
  usage::Value value;
  if (const auto kind = kinds.find(name); kind != kinds.end()) value = kind->second;
  value.name = name;
  value.range = RangeOf(option);
  value.list = option.get_delimiter() == ',';
  if (std::vector<std::string> words = CheckedWords(option); !words.empty()) {
    value.words = std::move(words);
    value.closed = true;
  }
  return value;
}

usage::Flag FlagOf(const CLI::Option& option, const usage::Kinds& kinds) {
  usage::Flag flag;
  for (const std::string& name : option.get_lnames()) flag.names.push_back(absl::StrCat("--", name));
  for (const std::string& name : option.get_snames()) flag.names.push_back(absl::StrCat("-", name));
  flag.help = option.get_description();
  flag.group = option.get_group();
  flag.is_switch = IsSwitch(option);
  flag.required = option.get_required();
  if (flag.is_switch) return flag;
  flag.usual = option.get_default_str();
  flag.repeated = MayBeRepeated(option);
  flag.value = ValueOf(option, TypeOf(option), kinds);
  return flag;
}

}  // namespace

usage::Verb Describe(const CLI::App& app, const usage::Kinds& kinds) {
  usage::Verb verb;
  verb.name = NameOf(app);
  verb.summary = app.get_description();
  verb.footer = app.get_footer();
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;
    if (option->get_positional()) {
      const std::string name = option->get_name(/*positional=*/true);
      verb.operands.push_back({option->get_description(), option->get_required(), option->get_expected_max() > 1,
                               ValueOf(*option, name, kinds)});
    } else {
      verb.flags.push_back(FlagOf(*option, kinds));
    }
  }
  for (const CLI::App* below : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!below->get_group().empty()) verb.verbs.push_back(Describe(*below, kinds));
  }
  return verb;
}

}  // namespace nmn::flags
