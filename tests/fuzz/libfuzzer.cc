// One binary for all targets: the name that it is called by is the target's.

#include <google/protobuf/text_format.h>

#include <cstdint>
#include <cstring>
#include <iostream>
#include <memory>
#include <random>

#include "common/text/quiet_parse.h"
#include "tests/fuzz/message_mutator.h"
#include "tests/fuzz/target.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t* data, size_t size, size_t max_size);

namespace {

using nmn::fuzz::Target;

const Target* target = nullptr;

// Of inputs with a structure so many go on with a change of bytes: what cannot be read must be refused, too.
constexpr unsigned kOneInBytes = 8;

// 0: it cannot be done.
size_t MutateFields(uint8_t* data, size_t size, size_t max_size, std::mt19937_64& draw) {
  const std::unique_ptr<google::protobuf::Message> message(target->prototype().New());
  const std::string text(reinterpret_cast<const char*>(data), size);
  if (!nmn::text::QuietParse(text, *message)) return 0;
  for (uint64_t changes = 1 + draw() % 3; changes > 0; --changes) nmn::fuzz::Mutate(*message, draw);
  std::string changed;
  if (!google::protobuf::TextFormat::PrintToString(*message, &changed) || changed.size() > max_size) return 0;
  std::memcpy(data, changed.data(), changed.size());
  return changed.size();
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char*** arguments) {
  const std::string_view path = (*arguments)[0];
  const size_t slash = path.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  target = nmn::fuzz::FindTarget(name);
  if (target != nullptr) return 0;
  std::cerr << "call this by a link with the name of a target:";
  for (const Target& known : nmn::fuzz::Targets()) std::cerr << " " << known.name;
  std::cerr << std::endl;
  exit(42);
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  target->run({reinterpret_cast<const char*>(data), size});
  return 0;
}

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  std::mt19937_64 draw(seed);
  if (target->prototype != nullptr && draw() % kOneInBytes != 0) {
    const size_t changed = MutateFields(data, size, max_size, draw);
    if (changed != 0) return changed;
  }
  return LLVMFuzzerMutate(data, size, max_size);
}
