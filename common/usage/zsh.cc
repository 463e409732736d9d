#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "common/usage/completion.h"
#include "common/usage/value_names.h"

namespace nmn::usage {
namespace {

// What is the same for every program; _@ stands for its name as that of a function, @@ for the name itself.
constexpr char kFunction[] = R"(
_@@() {
  local curcontext=$curcontext verb='@@' word
  local -i at=1 i
  # The verb that the line is at; a flag's value is none.
  for ((i = 2; i < CURRENT; i++)); do
    word=$words[i]
    if [[ $word == -* ]]; then
      [[ $word != *=* && " ${_@_valued[$verb]} " == *" $word "* ]] && (( i++ ))
    elif [[ " ${_@_verbs[$verb]} " == *" $word "* ]]; then
      verb+=" $word" at=i
    fi
  done
  words=("${(@)words[at,-1]}")
  (( CURRENT -= at - 1 ))
  curcontext=${curcontext%:*:*}:${verb// /-}:
  _@_verb "$verb"
}

# Loaded by source, or as a function of fpath.
if [[ $funcstack[1] == _@@ ]]; then _@@ "$@"; else compdef _@@ @@; fi
)";

std::string Quoted(const std::string& text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
}

// What describes a flag or a value inside a specification of _arguments.
std::string Escaped(const std::string& text) {
  return absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"[", "\\["}, {"]", "\\]"}, {":", "\\:"}});
}

// The action that offers two kinds at once. A colon would end the action.
std::string Alternative(const std::string& one, const std::string& other) {
  return absl::StrReplaceAll(absl::StrCat(" _alternative \"", one, "\" \"", other, "\""), {{":", "\\:"}});
}

// The action that completes a value.
std::string ActionOf(const Value& value, const std::string& function, const ValueNames& names) {
  const std::string name = names.NameOf(value);
  const std::string words = name.empty() ? "" : absl::StrCat("_", function, "_", name);
  const std::string paths = value.files ? "_files" : value.folders ? "_path_files -/" : "";
  if (words.empty()) return paths.empty() ? " " : paths;
  if (value.list) return absl::StrCat("_sequence ", words);
  if (paths.empty()) return words;
  return Alternative(absl::StrCat("words:word:", words), absl::StrCat("paths:path:", paths));
}

// The specifications of one flag: each name excludes itself and its synonyms, unless it may be repeated.
std::vector<std::string> SpecsOf(const Flag& flag, const std::string& function, const ValueNames& names) {
  std::vector<std::string> specs;
  for (const std::string& name : flag.names) {
    std::string spec = flag.repeated ? "*" : absl::StrCat("(", absl::StrJoin(flag.names, " "), ")");
    absl::StrAppend(&spec, name, flag.is_switch ? "" : "=", "[", Escaped(Brief(flag.help)), "]");
    if (!flag.is_switch)
      absl::StrAppend(&spec, ":", Escaped(flag.value.name), ":", ActionOf(flag.value, function, names));
    specs.push_back(Quoted(spec));
  }
  return specs;
}

// What may stand where no flag does: verbs, or an operand, or either.
std::string OperandSpec(const Verb& verb, const std::string& function, const ValueNames& names) {
  const std::string verbs = absl::StrCat("_", function, "_verbs_of ", Identifier(verb.name));
  if (verb.operands.empty()) return verb.verbs.empty() ? "" : Quoted(absl::StrCat("1: : ", verbs));
  const Operand& operand = verb.operands[0];
  const std::string name = Escaped(operand.value.name);
  const std::string action = ActionOf(operand.value, function, names);
  if (verb.verbs.empty()) return Quoted(absl::StrCat(operand.repeated ? "*" : "1", ":", name, ":", action));
  return Quoted(absl::StrCat(
      "1:", name, ":", Alternative(absl::StrCat("verbs:verb: ", verbs), absl::StrCat("operands:operand:", action))));
}

std::string CaseOf(const Verb& verb, const std::string& function, const ValueNames& names) {
  std::vector<std::string> specs;
  for (const Flag& flag : verb.flags) {
    for (std::string& spec : SpecsOf(flag, function, names)) specs.push_back(std::move(spec));
  }
  if (std::string operand = OperandSpec(verb, function, names); !operand.empty()) specs.push_back(std::move(operand));
  return absl::StrCat("    '", verb.name, "')\n      _arguments \\\n        ", absl::StrJoin(specs, " \\\n        "),
                      " ;;\n");
}

std::string VerbsCase(const Verb& verb) {
  std::vector<std::string> described;
  for (const Verb& below : verb.verbs)
    described.push_back(Quoted(absl::StrCat(below.word(), ":", absl::StrReplaceAll(below.summary, {{":", "\\:"}}))));
  return absl::StrCat("    ", Identifier(verb.name), ") verbs=(", absl::StrJoin(described, " "), ") ;;\n");
}

// compadd for the words that are whole, and for those after which more follows.
std::string WordsFunction(const ValueNames::Named& named, const std::string& function) {
  std::vector<std::string> whole, begun;
  for (const std::string& word : named.words) (absl::EndsWith(word, "=") ? begun : whole).push_back(Quoted(word));
  std::string body;
  if (!whole.empty()) absl::StrAppend(&body, "  compadd \"$@\" -- ", absl::StrJoin(whole, " "), "\n");
  if (!begun.empty()) absl::StrAppend(&body, "  compadd \"$@\" -S '' -- ", absl::StrJoin(begun, " "), "\n");
  return absl::StrCat("_", function, "_", named.name, "() {\n", body, "}\n\n");
}

}  // namespace

std::string ZshCompletion(const Verb& program) {
  const ValueNames names(program);
  const std::string function = Identifier(program.name);
  std::string valued, verbs, cases, described;
  for (const Verb* verb : AllVerbs(program)) {
    std::vector<std::string> with_value, below;
    for (const Flag& flag : verb->flags) {
      if (!flag.is_switch) with_value.insert(with_value.end(), flag.names.begin(), flag.names.end());
    }
    for (const Verb& one : verb->verbs) below.push_back(one.word());
    absl::StrAppend(&valued, "  '", verb->name, "' '", absl::StrJoin(with_value, " "), "'\n");
    if (!below.empty()) {
      absl::StrAppend(&verbs, "  '", verb->name, "' '", absl::StrJoin(below, " "), "'\n");
      described += VerbsCase(*verb);
    }
    cases += CaseOf(*verb, function, names);
  }
  std::string script = absl::StrCat("#compdef ", program.name, "\n# Completion of ", program.name,
                                    " in zsh. Made from its flags; do not edit.\n\n");
  for (const ValueNames::Named& named : names.all()) script += WordsFunction(named, function);
  absl::StrAppend(&script, "# Of each verb, the flags that have a value, and the verbs below it.\n", "typeset -gA _",
                  function, "_valued _", function, "_verbs\n_", function, "_valued=(\n", valued, ")\n_", function,
                  "_verbs=(\n", verbs, ")\n\n");
  if (!described.empty()) {
    absl::StrAppend(&script, "_", function, "_verbs_of() {\n  local -a verbs\n  case $1 in\n", described,
                    "  esac\n  _describe -t verbs verb verbs\n}\n\n");
  }
  absl::StrAppend(
      &script, "_", function, "_verb() {\n  case $1 in\n", cases, "  esac\n}\n",
      absl::StrReplaceAll(kFunction, {{"_@@", "_" + program.name}, {"@@", program.name}, {"_@", "_" + function}}));
  return script;
}

}  // namespace nmn::usage
