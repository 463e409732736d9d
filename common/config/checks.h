#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "nmn/v1/run_config.pb.h"

namespace nmn::config {

// The checks of one part of a config, in order; the first that fails is the result. Every message is one line,
// "PATH is VALUE; it must be RULE (HINT)".
class Checks {
 public:
  // `rule` completes "it must be ..".
  void Number(const std::string& path, double value, bool good, const std::string& rule, const std::string& hint = "");
  void Text(const std::string& path, const std::string& value, bool good, const std::string& rule,
            const std::string& hint = "");
  // low <= value <= high
  void Range(const std::string& path, double value, double low, double high, const std::string& hint = "");
  void Take(const absl::Status& status);

  bool ok() const { return status_.ok(); }
  const absl::Status& status() const { return status_; }

 private:
  absl::Status status_;
};

// Shortest text that reads back as the number: 0.003, 1e-08, nan.
std::string NumberText(double value);

inline const char kReference[] = "the paper's reference uses ";

// Of any message: every float and double in it must be finite, and every enumeration have a name, since one that came
// over the wire may not. Paths begin with `prefix`.
void CheckKinds(const google::protobuf::Message& message, const std::string& prefix, Checks& checks);

// Parts of Validate. Each expects the parts before it to be in order.
absl::Status ValidatePpo(const v1::RunConfig& config);

}  // namespace nmn::config
