#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "google/protobuf/message.h"

// Everything that parses what others wrote, each as one function of bytes. libFuzzer drives them (`make fuzz`), and
// `make test` replays corpus/ through them. A target ends the process where something does not hold that must.
namespace nmn::fuzz {

struct Target {
  std::string_view name;  // corpus/NAME has its seeds, NAME.dict its words where they help
  void (*run)(std::string_view input);
  // Of an input that is a textproto, an empty message of its type: the mutator changes fields in place of bytes.
  const google::protobuf::Message& (*prototype)() = nullptr;
};

// In the order of their names.
std::span<const Target> Targets();
// Null where there is none of that name.
const Target* FindTarget(std::string_view name);

// Ends the process with one line unless `holds`: a sanitizer's report follows, and libFuzzer keeps the input.
void Require(bool holds, std::string_view what);

// The targets, by what they read.
void ReadAddress(std::string_view input);
void ReadAssignment(std::string_view input);
void ReadCertificates(std::string_view input);
void ReadCheckpoint(std::string_view input);
const google::protobuf::Message& CheckpointPrototype();
void ReadConfig(std::string_view input);
const google::protobuf::Message& ConfigPrototype();
void ReadFailpoints(std::string_view input);
void ReadHttpRequest(std::string_view input);
void ReadPlugin(std::string_view input);
void ReadPolicy(std::string_view input);
void ReadPythonAnswer(std::string_view input);
void ReadRunFiles(std::string_view input);
void ReadSafetensors(std::string_view input);
void ReadSession(std::string_view input);
const google::protobuf::Message& SessionPrototype();

}  // namespace nmn::fuzz
