#pragma once

#include <map>
#include <string>
#include <vector>

namespace nmn::usage {

// What a program takes on its command line: read from its flags once (common/flags/describe.h), and printed as what
// --help says (help.h), as the completion of a shell (completion.h) or as a manual page (manual.h).

// What may stand as the value of a flag, or as an operand.
struct Value {
  std::string name;                // as --help shows it: "DIR", "TASK", "INT"
  std::string range;               // of a number: "1 to 1024"; empty where it has none
  std::vector<std::string> words;  // that may stand there; after one that ends in '=' more follows
  bool closed = false;             // nothing but the words is taken
  bool files = false;              // the name of a file or a folder may stand there
  bool folders = false;            // the name of a folder may stand there
  bool list = false;               // several may stand there, with commas between them
};

// Values by their name, for those of which a flag itself does not say what they are.
using Kinds = std::map<std::string, Value>;

struct Flag {
  std::vector<std::string> names;  // with their dashes, long ones first: {"--task", "--benchmark"}, {"--help", "-h"}
  std::string help;
  std::string group;  // the heading that --help has it under
  std::string usual;  // the value where it is not given, for people; empty where --help names none
  bool is_switch = false;
  bool required = false;
  bool repeated = false;
  Value value;  // of one that is no switch
};

struct Operand {
  std::string help;
  bool required = false;
  bool repeated = false;
  Value value;
};

struct Verb {
  std::string name;  // "nmn sweep status"; of the program itself "nmn"
  std::string summary;
  std::string footer;  // what --help has below the flags: sentences, then examples
  std::vector<Flag> flags;
  std::vector<Operand> operands;
  std::vector<Verb> verbs;

  // The last word of its name.
  std::string word() const { return name.substr(name.find_last_of(' ') + 1); }
};

// FILE, DIR and the other names that stand for paths everywhere.
Kinds PathKinds();

// The verb, and all below it, in their order.
std::vector<const Verb*> AllVerbs(const Verb& program);

// The first sentence of a help, without its full stop: what fits beside a flag.
std::string Brief(const std::string& help);

// `program` as the name of a function: "nmn_actor".
std::string Identifier(const std::string& program);

}  // namespace nmn::usage
