#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/env/environment.h"
#include "common/nn/network_spec.h"
#include "common/trajectory/layout.h"

namespace nmn::trace {

// Where the numbers of a column come from.
enum class Source {
  kEpisode,
  kStep,
  kTask,
  kState,           // of the environment, before the step
  kRecord,          // a field of the step's record
  kPreviousRecord,  // of the step before; 0 at the first step
  kSignal,          // z
  kHidden,          // recurrent states after the step, layers one after the other
  kModulation,      // modulation.h
  kValue            // the critic's
};

struct Column {
  std::string name;
  Source source = Source::kEpisode;
  size_t index = 0;  // within the source
  bool by_default = true;
  v1::Field field = v1::FIELD_UNSPECIFIED;  // of the record

  bool whole() const { return source == Source::kEpisode || source == Source::kStep; }  // uint32, not float32
};

// Every column that can be written, in the order in which they are by default. `network` is null for a rule.
std::vector<Column> AllColumns(const env::EnvironmentSpec& environment, const nn::NetworkSpec* network);

// `patterns` is a comma list of names, with * for any letters: "episode,t,z*". The columns stand in its order, each
// once. Empty: those by default. INVALID_ARGUMENT names a pattern that matches none, and the columns there are.
absl::StatusOr<std::vector<Column>> ChooseColumns(const std::vector<Column>& all, const std::string& patterns);

}  // namespace nmn::trace
