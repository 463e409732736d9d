#include "common/usage/manual.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace nmn::usage {
namespace {

// Text as roff prints it. What begins a line begins no request: callers put text behind a macro, or use Line.
std::string Escaped(const std::string& text) {
  return absl::StrReplaceAll(
      text, {{"\\", "\\e"}, {"-", "\\-"}, {"'", "\\(aq"}, {"`", "\\(ga"}, {"^", "\\(ha"}, {"~", "\\(ti"}});
}

constexpr size_t kWidth = 78;  // of a line of roff; mandoc warns beyond 80

// Text as lines of roff, broken at spaces.
std::string Line(const std::string& text) {
  std::string lines, line;
  for (const absl::string_view part : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    const std::string word = Escaped(std::string(part));
    if (!line.empty() && line.size() + 1 + word.size() > kWidth) {
      absl::StrAppend(&lines, line, "\n");
      line.clear();
    }
    absl::StrAppend(&line, line.empty() ? (word[0] == '.' ? "\\&" : "") : " ", word);
  }
  return absl::StrCat(lines, line, "\n");
}

std::string Bold(const std::string& text) { return absl::StrCat("\\fB", Escaped(text), "\\fR"); }
std::string Italic(const std::string& text) { return absl::StrCat("\\fI", Escaped(text), "\\fR"); }

// Letters begin a sentence, and a full stop ends it: --help needs neither.
std::string Sentence(std::string text) {
  // Not "b1 (moving target)", and not "package.module".
  if (!text.empty() && (text.size() < 2 || absl::ascii_islower(text[1]) || text[1] == ' ')) {
    const size_t end = text.find_first_of(" ,.:=(");
    if (end == std::string::npos || text[end] == ' ') text[0] = absl::ascii_toupper(text[0]);
  }
  if (!text.empty() && !absl::EndsWith(text, ".") && !absl::EndsWith(text, "]")) text += ".";
  return text;
}

std::string Synopsis(const Verb& verb) {
  std::string synopsis = absl::StrCat(".B ", Escaped(verb.name), "\n");
  if (!verb.flags.empty()) absl::StrAppend(&synopsis, "[", Italic("OPTION"), "]...\n");
  for (const Operand& operand : verb.operands) {
    const std::string name = Italic(operand.value.name) + (operand.repeated ? "..." : "");
    absl::StrAppend(&synopsis, operand.required ? name : absl::StrCat("[", name, "]"), "\n");
  }
  if (verb.operands.empty() && !verb.verbs.empty())
    absl::StrAppend(&synopsis, Italic("VERB"), "\n[", Italic("ARGUMENT"), "]...\n");
  return synopsis;
}

// What may stand there, as far as the help does not say it: the range of a number, and the words.
std::string Legal(const Value& value) {
  std::string legal;
  if (!value.range.empty()) absl::StrAppend(&legal, Line(absl::StrCat("From ", value.range, ".")));
  if (value.closed) {
    std::vector<std::string> words;
    for (const std::string& word : value.words) words.push_back(Bold(word));
    absl::StrAppend(&legal, value.list ? "Some of " : "One of ", absl::StrJoin(words, ", "),
                    value.list ? ", with commas between them.\n" : ".\n");
  }
  return legal;
}

std::string Entry(const Flag& flag) {
  std::vector<std::string> names;
  for (const std::string& name : flag.names) {
    names.push_back(flag.is_switch ? Bold(name) : absl::StrCat(Bold(name), "=", Italic(flag.value.name)));
  }
  std::string entry = absl::StrCat(".TP\n", absl::StrJoin(names, ", "), "\n", Line(Sentence(flag.help)));
  if (!flag.is_switch) entry += Legal(flag.value);
  if (!flag.usual.empty()) absl::StrAppend(&entry, "Default: ", Bold(flag.usual), ".\n");
  if (flag.required) entry += "Required.\n";
  return entry;
}

std::string Entry(const Operand& operand) {
  return absl::StrCat(".TP\n", Italic(operand.value.name), operand.repeated ? "..." : "", "\n",
                      Line(Sentence(operand.help)), Legal(operand.value));
}

constexpr char kExitCodes[] = "Exit codes: ";

// "0 done; 1 the same command may work later": a list of codes.
std::string ExitCodes(const std::string& text) {
  std::string list;
  for (const absl::string_view part : absl::StrSplit(text, "; ")) {
    const std::vector<std::string> code = absl::StrSplit(part, absl::MaxSplits(' ', 1));
    absl::StrAppend(&list, ".TP\n", Bold(code[0]), "\n", Line(Sentence(code.size() > 1 ? code[1] : "")));
  }
  return list;
}

// What stands below the flags: sentences as paragraphs, and from "Example:" on lines that stay as they are.
struct Footer {
  std::string text;
  std::string examples;
  std::string exit_codes;
};

Footer Read(const std::string& footer) {
  Footer read;
  bool example = false;
  for (const absl::string_view part : absl::StrSplit(footer, '\n', absl::SkipEmpty())) {
    const std::string line(part);
    if (absl::StartsWith(line, kExitCodes)) {
      read.exit_codes += ExitCodes(line.substr(sizeof(kExitCodes) - 1));
      continue;
    }
    const bool begins = absl::StartsWith(line, "Example") || absl::StartsWith(line, "Begin with:");
    example = begins || (example && line[0] == ' ');
    if (!example) {
      read.text += Line(line);
      continue;
    }
    const std::string command = begins ? line.substr(line.find(':') + 1) : line;
    absl::StrAppend(&read.examples, Escaped(std::string(absl::StripAsciiWhitespace(command))), "\n");
  }
  return read;
}

std::string Examples(const std::string& examples) { return absl::StrCat(".in +4n\n.EX\n", examples, ".EE\n.in\n"); }

// A verb that is not the program: its own subsection.
std::string SectionOf(const Verb& verb) {
  const Footer footer = Read(verb.footer);
  std::string section = absl::StrCat(".SS ", Escaped(verb.name), "\n", Synopsis(verb), ".PP\n",
                                     Line(Sentence(verb.summary)), footer.text);
  for (const Operand& operand : verb.operands) section += Entry(operand);
  for (const Flag& flag : verb.flags) section += Entry(flag);
  if (!footer.examples.empty()) absl::StrAppend(&section, ".PP\n", Examples(footer.examples));
  if (!footer.exit_codes.empty()) absl::StrAppend(&section, ".PP\nExit codes:\n", footer.exit_codes);
  return section;
}

std::string ListOf(const std::vector<Verb>& verbs) {
  std::string list;
  for (const Verb& verb : verbs) absl::StrAppend(&list, ".TP\n", Bold(verb.word()), "\n", Line(Sentence(verb.summary)));
  return list;
}

}  // namespace

std::string ManualPage(const Verb& program, const Edition& edition) {
  const Footer footer = Read(program.footer);
  std::string page = absl::StrCat(".\\\" Made from the flags of the program; do not edit.\n.TH ",
                                  absl::AsciiStrToUpper(Escaped(program.name)), " 1 \"", edition.date, "\" \"nmn ",
                                  edition.version, "\" \"User Commands\"\n.SH NAME\n");
  // A summary that whatis(1) shows: one line, without a full stop.
  std::string summary = Brief(program.summary);
  if (absl::EndsWith(summary, ".")) summary.pop_back();
  if (!summary.empty()) summary[0] = absl::ascii_tolower(summary[0]);
  absl::StrAppend(&page, Escaped(program.name), " \\-\n", Line(summary), ".SH SYNOPSIS\n", Synopsis(program),
                  ".SH DESCRIPTION\n", Line(Sentence(program.summary)), footer.text);
  if (!program.verbs.empty()) absl::StrAppend(&page, ".SH VERBS\n", ListOf(program.verbs));
  page += ".SH OPTIONS\n";
  for (const Flag& flag : program.flags) page += Entry(flag);
  if (!program.verbs.empty()) {
    page += ".SH OPTIONS OF THE VERBS\n";
    for (const Verb* verb : AllVerbs(program)) {
      if (verb != &program) page += SectionOf(*verb);
    }
  }
  absl::StrAppend(&page,
                  ".SH ENVIRONMENT\nA flag\n.BI \\-\\-some_flag\ncan also be set as\n.B NMN_SOME_FLAG\n"
                  "in the environment.\nThe command line wins, and an empty variable counts as unset.\n");
  if (!footer.exit_codes.empty()) absl::StrAppend(&page, ".SH EXIT STATUS\n", footer.exit_codes);
  if (!footer.examples.empty()) absl::StrAppend(&page, ".SH EXAMPLES\n", Examples(footer.examples));
  std::vector<std::string> others;
  for (const char* other : {"nmn", "nmn-actor", "nmn-learner"}) {
    if (program.name != other) others.push_back(absl::StrCat(".BR ", Escaped(other), " (1)"));
  }
  absl::StrAppend(&page, ".SH SEE ALSO\n", absl::StrJoin(others, ",\n"), "\n");
  return page;
}

}  // namespace nmn::usage
