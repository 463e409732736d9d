#include "common/usage/description.h"

#include <cctype>

namespace nmn::usage {
namespace {

void Collect(const Verb& verb, std::vector<const Verb*>& all) {
  all.push_back(&verb);
  for (const Verb& below : verb.verbs) Collect(below, all);
}

}  // namespace

Kinds PathKinds() {
  Kinds kinds;
  for (const char* name : {"FILE", "DUMP", "SOURCE"}) kinds[name].files = true;
  for (const char* name : {"DIR", "RUN_DIR"}) kinds[name].folders = true;
  return kinds;
}

std::vector<const Verb*> AllVerbs(const Verb& program) {
  std::vector<const Verb*> all;
  Collect(program, all);
  return all;
}

std::string Brief(const std::string& help) {
  // "e.g. a" and "0.9" are no ends of sentences: one is followed by a space and a capital letter.
  for (size_t i = 0; i + 2 < help.size(); ++i) {
    if (help[i] == '.' && help[i + 1] == ' ' && std::isupper(static_cast<unsigned char>(help[i + 2])) != 0)
      return help.substr(0, i);
  }
  return help;
}

std::string Identifier(const std::string& program) {
  std::string name = program;
  for (char& letter : name) {
    if (std::isalnum(static_cast<unsigned char>(letter)) == 0) letter = '_';
  }
  return name;
}

}  // namespace nmn::usage
