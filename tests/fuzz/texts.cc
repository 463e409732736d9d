// Addresses, configs, --set and NMN_FAILPOINTS.

#include <google/protobuf/text_format.h>
#include <google/protobuf/util/message_differencer.h>

#include <string>

#include "common/config/config.h"
#include "common/failpoint/failpoint.h"
#include "common/net/address.h"
#include "common/text/one_line.h"
#include "common/trajectory/layout.h"
#include "tests/fuzz/target.h"

namespace nmn::fuzz {
namespace {

void RequireOneLine(const absl::Status& status) {
  const std::string shown = text::OneLine({status.message().data(), status.message().size()});
  Require(status.ok() || (!shown.empty() && shown.find('\n') == std::string::npos), "an error is shown as one line");
}

// What is done with a config that counts as valid.
void Use(const v1::RunConfig& config) {
  config::Hash(config);
  config::BudgetUpdates(config);
  Require(config::KeptSteps(config) > 0 && config::SegmentSteps(config) > 0, "a valid config has steps");
  Require(config::KeptSteps(config) <= config::RolloutSteps(config), "what is kept was played");
  trajectory::LayoutOf(config).IgnoreError();
}

}  // namespace

void ReadAddress(std::string_view input) {
  const absl::StatusOr<net::Address> address = net::ParseAddress(input, "--listen");
  for (const net::Protection protection : {net::Protection{}, net::Protection{.insecure = true}})
    net::ParseListenAddress(input, "--listen", protection).IgnoreError();
  net::ParseServerAddress(input, "--learner").IgnoreError();
  RequireOneLine(address.status());
  if (!address.ok()) return;
  net::IsLoopback(*address);
  const absl::StatusOr<net::Address> again = net::ParseAddress(net::ToString(*address), "--listen");
  Require(again.ok() && *again == *address, "an address reads back as printed");
}

void ReadAssignment(std::string_view input) {
  static const v1::RunConfig preset = *config::Preset("fast", "b1", "nmn");
  v1::RunConfig config = preset;
  const absl::Status status = config::Set(input, config);
  RequireOneLine(status);
  if (!status.ok()) return;
  const absl::Status valid = config::Validate(config);
  RequireOneLine(valid);
  if (valid.ok()) Use(config);
}

void ReadConfig(std::string_view input) {
  absl::StatusOr<v1::RunConfig> config = config::Parse(input, "b1.textproto");
  RequireOneLine(config.status());
  RequireOneLine(config::ParseStored(input, "b1.textproto").status());
  if (!config.ok()) return;
  const absl::StatusOr<v1::RunConfig> again = config::Parse(config::Print(*config), "again");
  Require(again.ok() && config::Print(*again) == config::Print(*config), "a config reads back as printed");
  const absl::Status valid = config::Validate(*config);
  RequireOneLine(valid);
  if (valid.ok()) Use(*config);
}

const google::protobuf::Message& ConfigPrototype() { return v1::RunConfig::default_instance(); }

void ReadFailpoints(std::string_view input) {
  RequireOneLine(failpoint::Arm(input, 1));
  Require(failpoint::Arm("", 0).ok(), "faults can be taken back");
}

}  // namespace nmn::fuzz
