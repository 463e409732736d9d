#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "common/usage/completion.h"
#include "common/usage/value_names.h"

namespace nmn::usage {
namespace {

// What is the same for every program; __@ stands for its name as that of a function, @@ for the name itself.
constexpr char kFunctions[] = R"(
# Whether the line is at this verb.
function __@_at
    set -l verb '@@'
    set -l is_value 0
    for word in (commandline -opc)[2..]
        if test $is_value = 1
            set is_value 0
            continue
        end
        switch $word
            case '--*=*'
            case '-*'
                contains -- "$verb $word" $__@_valued; and set is_value 1
            case '*'
                contains -- "$verb $word" $__@_verbs; and set verb "$verb $word"
        end
    end
    test $verb = $argv[1]
end

# Words of a list of which some parts may stand there already.
function __@_list
    set -l typed (commandline -ct | string replace -r -- '^--[^=]*=' '')
    set -l before (string match -r -- '.*,' $typed)
    printf '%s\n' "$before"$argv
end

)";

std::string Quoted(const std::string& text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"'", "\\'"}}), "'");
}

// "-x -a '..'": what may follow a flag, or stand as an operand (which follows nothing).
std::string Candidates(const Value& value, bool of_flag, const std::string& function, const ValueNames& names) {
  std::vector<std::string> sources;
  if (const std::string name = names.NameOf(value); !name.empty()) {
    const std::string words = absl::StrCat("$__", function, "_", name);
    sources.push_back(value.list ? absl::StrCat("(__", function, "_list ", words, ")") : words);
  }
  if (value.folders) sources.push_back("(__fish_complete_directories)");
  std::string candidates = of_flag ? " -r" : "";
  candidates += value.files ? " -F" : " -f";
  if (!sources.empty()) absl::StrAppend(&candidates, " -a ", Quoted(absl::StrJoin(sources, " ")));
  return candidates;
}

std::string LinesOf(const Verb& verb, const std::string& program, const std::string& function,
                    const ValueNames& names) {
  const std::string begin =
      absl::StrCat("complete -c ", program, " -n ", Quoted(absl::StrCat("__", function, "_at ", Quoted(verb.name))));
  std::string lines = absl::StrCat("\n# ", verb.name, "\n");
  for (const Verb& below : verb.verbs)
    absl::StrAppend(&lines, begin, " -f -a ", below.word(), " -d ", Quoted(below.summary), "\n");
  for (const Operand& operand : verb.operands)
    absl::StrAppend(&lines, begin, Candidates(operand.value, /*of_flag=*/false, function, names), "\n");
  for (const Flag& flag : verb.flags) {
    for (const std::string& name : flag.names) {
      const bool is_long = absl::StartsWith(name, "--");
      absl::StrAppend(&lines, begin, is_long ? " -l " : " -s ", name.substr(is_long ? 2 : 1),
                      flag.is_switch ? "" : Candidates(flag.value, /*of_flag=*/true, function, names), " -d ",
                      Quoted(Brief(flag.help)), "\n");
    }
  }
  return lines;
}

std::string SetOf(const std::string& name, const std::vector<std::string>& words) {
  std::vector<std::string> quoted;
  for (const std::string& word : words) quoted.push_back(Quoted(word));
  return absl::StrCat("set -g ", name, " ", absl::StrJoin(quoted, " "), "\n");
}

}  // namespace

std::string FishCompletion(const Verb& program) {
  const ValueNames names(program);
  const std::string function = Identifier(program.name);
  std::vector<std::string> verbs, valued;
  for (const Verb* verb : AllVerbs(program)) {
    if (verb != &program) verbs.push_back(verb->name);
    for (const Flag& flag : verb->flags) {
      for (const std::string& name : flag.names) {
        if (!flag.is_switch) valued.push_back(absl::StrCat(verb->name, " ", name));
      }
    }
  }
  std::string script = absl::StrCat("# Completion of ", program.name, " in fish. Made from its flags; do not edit.\n\n",
                                    SetOf(absl::StrCat("__", function, "_verbs"), verbs),
                                    SetOf(absl::StrCat("__", function, "_valued"), valued));
  for (const ValueNames::Named& named : names.all())
    script += SetOf(absl::StrCat("__", function, "_", named.name), named.words);
  absl::StrAppend(&script, absl::StrReplaceAll(kFunctions, {{"@@", program.name}, {"__@", "__" + function}}),
                  "complete -c ", program.name, " -f\n");
  for (const Verb* verb : AllVerbs(program)) script += LinesOf(*verb, program.name, function, names);
  return script;
}

}  // namespace nmn::usage
