#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "common/usage/completion.h"
#include "common/usage/value_names.h"

namespace nmn::usage {
namespace {

// What is the same for every program; _@ stands for its name as that of a function, @@ for the name itself.
constexpr char kFunction[] = R"(
_@() {
  local IFS=$' \t\n'
  # Bash takes words apart at = and : (COMP_WORDBREAKS). Here what no space parts is one word again.
  local typed=() rest=${COMP_LINE:0:COMP_POINT} word gap i
  for ((i = 0; i <= COMP_CWORD; i++)); do
    gap=${rest%%[![:space:]]*}
    rest=${rest#"$gap"}
    word=${COMP_WORDS[i]}
    ((i < COMP_CWORD)) || word=$rest
    rest=${rest#"$word"}
    if ((i == 0)) || [[ -n $gap ]]; then typed+=("$word"); else typed[-1]+=$word; fi
  done

  # The verb that the line is at, the flags that it has, and the flag whose value is next.
  local verb='@@' verbs switches valued repeated operand flag='' given=' '
  _@_verb "$verb"
  for word in "${typed[@]:1:${#typed[@]}-2}"; do
    if [[ -n $flag ]]; then
      flag=''
    elif [[ $word == -* ]]; then
      given+="${word%%=*} "
      [[ $word != *=* && " $valued" == *" $word:"* ]] && flag=$word
    elif [[ " $verbs " == *" $word "* ]]; then
      verb+=" $word" given=' '
      _@_verb "$verb"
    fi
  done

  word=${typed[-1]}
  local value=$word kind='' entry name
  COMPREPLY=()
  if [[ -z $flag && $word == --*=* ]]; then
    flag=${word%%=*} value=${word#*=}
  fi
  if [[ -n $flag ]]; then
    for entry in $valued; do
      [[ $entry == "$flag":* ]] && kind=${entry#*:}
    done
  elif [[ $word == -* ]]; then
    for entry in $switches $valued; do
      name=${entry%%:*}
      [[ $given == *" $name "* && " $repeated " != *" $name "* ]] && continue
      [[ $entry == *:* ]] && name+='='
      [[ $name == "$word"* ]] && COMPREPLY+=("$name")
    done
    [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace
    return 0
  else
    kind=$operand
    for entry in $verbs; do
      [[ $entry == "$word"* ]] && COMPREPLY+=("$entry")
    done
  fi

  # Of a list only its last part is still open.
  local before='' words=''
  [[ ,$kind, == *,list,* && $value == *,* ]] && before=${value%,*},
  _@_words "${kind%%,*}"
  for entry in $words; do
    [[ $before$entry == "$value"* ]] && COMPREPLY+=("$before$entry")
  done
  [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace

  # Bash replaces what follows the last character at which it takes words apart.
  local kept=''
  [[ $COMP_WORDBREAKS == *=* && $value == *=* ]] && kept=${value%"${value##*=}"}
  [[ $COMP_WORDBREAKS == *:* && ${value#"$kept"} == *:* ]] && kept=${value%"${value##*:}"}
  COMPREPLY=("${COMPREPLY[@]#"$kept"}")
  [[ $word == --*=* && $COMP_WORDBREAKS != *=* ]] && COMPREPLY=("${COMPREPLY[@]/#/$flag=}")

  # Paths are left to readline, which knows about quotes and ~.
  if [[ ,$kind, == *,files,* ]]; then
    if ((${#COMPREPLY[@]})); then compopt -o plusdirs; else compopt -o default; fi
  elif [[ ,$kind, == *,folders,* ]]; then
    if ((${#COMPREPLY[@]})); then compopt -o plusdirs; else compopt -o dirnames; fi
  fi
  return 0
}

complete -F _@ @@
)";

// "TASK,list": what stands behind a flag's name in `valued`, and the whole of `operand`.
std::string KindOf(const Value& value, const ValueNames& names) {
  return absl::StrCat(names.NameOf(value),
                      value.files     ? ",files"
                      : value.folders ? ",folders"
                                      : "",
                      value.list ? ",list" : "");
}

std::string CaseOf(const Verb& verb, const ValueNames& names) {
  std::vector<std::string> verbs, switches, valued, repeated;
  for (const Verb& below : verb.verbs) verbs.push_back(below.word());
  for (const Flag& flag : verb.flags) {
    for (const std::string& name : flag.names) {
      if (flag.is_switch) {
        switches.push_back(name);
      } else {
        valued.push_back(absl::StrCat(name, ":", KindOf(flag.value, names)));
      }
      if (flag.repeated) repeated.push_back(name);
    }
  }
  const std::string operand = verb.operands.empty() ? "" : KindOf(verb.operands[0].value, names);
  return absl::StrCat("    '", verb.name, "')\n      verbs='", absl::StrJoin(verbs, " "), "'\n      switches='",
                      absl::StrJoin(switches, " "), "'\n      valued='", absl::StrJoin(valued, " "),
                      "'\n      repeated='", absl::StrJoin(repeated, " "), "'\n      operand='", operand, "' ;;\n");
}

}  // namespace

std::string BashCompletion(const Verb& program) {
  const ValueNames names(program);
  const std::string function = Identifier(program.name);
  std::string script =
      absl::StrCat("# Completion of ", program.name, " in bash. Made from its flags; do not edit.\n",
                   "# shellcheck shell=bash disable=SC2034\n\n",
                   "# What a verb takes. A flag with a value: its name, a colon, the name of its words, ",
                   "and what else may stand there.\n_", function, "_verb() {\n  case $1 in\n");
  for (const Verb* verb : AllVerbs(program)) script += CaseOf(*verb, names);
  absl::StrAppend(&script, "  esac\n}\n\n# The words of that name.\n_", function, "_words() {\n  case $1 in\n");
  for (const ValueNames::Named& named : names.all())
    absl::StrAppend(&script, "    ", named.name, ") words='", absl::StrJoin(named.words, " "), "' ;;\n");
  absl::StrAppend(&script, "  esac\n}\n",
                  absl::StrReplaceAll(kFunction, {{"@@", program.name}, {"_@", absl::StrCat("_", function)}}));
  return script;
}

}  // namespace nmn::usage
