// docs/configuration.md has a row for every field of RunConfig, and none for a field that is not there; its last column
// is what preset `fast` has.

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/config/config.h"
#include "nmn/v1/run_config.pb.h"
#include "tests/support/subprocess.h"

namespace nmn {
namespace {

void Collect(const google::protobuf::Descriptor& message, const std::string& prefix, std::set<std::string>& paths) {
  for (int i = 0; i < message.field_count(); ++i) {
    const google::protobuf::FieldDescriptor& field = *message.field(i);
    const std::string path = prefix + field.name();
    if (field.message_type() != nullptr) {
      Collect(*field.message_type(), path + ".", paths);
    } else {
      paths.insert(path);
    }
  }
}

// A value as the page has it, by path: enumerations by name, lists with commas. Nothing of what is not there.
void CollectValues(const google::protobuf::Message& message, const std::string& prefix,
                   std::map<std::string, std::string>& values) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const google::protobuf::FieldDescriptor& field = *message.GetDescriptor()->field(i);
    std::vector<std::string> parts;
    const auto add = [&](int index) {
      std::string& part = parts.emplace_back();
      google::protobuf::TextFormat::PrintFieldValueToString(message, &field, index, &part);
      part.erase(std::remove(part.begin(), part.end(), '"'), part.end());
    };
    if (field.is_repeated()) {
      for (int k = 0; k < reflection.FieldSize(message, &field); ++k) add(k);
    } else if (field.message_type() != nullptr) {
      if (reflection.HasField(message, &field)) {
        CollectValues(reflection.GetMessage(message, &field), absl::StrCat(prefix, field.name(), "."), values);
      }
      continue;
    } else if (!field.has_presence() || reflection.HasField(message, &field)) {
      add(-1);
    }
    const std::string text = absl::StrJoin(parts, ", ");
    if (!text.empty() && !absl::EndsWith(text, "_UNSPECIFIED")) values[prefix + field.name()] = text;
  }
}

// What differs between the benchmarks is parted by ";", what differs between the architectures by "/".
std::string FastCell(const std::string& path) {
  std::vector<std::string> architectures;
  for (const char* architecture : {"nmn", "rnn"}) {
    std::vector<std::string> benchmarks;
    for (const char* benchmark : {"b1", "b2", "b3"}) {
      std::map<std::string, std::string> values;
      CollectValues(*config::Preset("fast", benchmark, architecture), "", values);
      benchmarks.push_back(values.count(path) != 0 ? values[path] : "-");
    }
    if (std::count(benchmarks.begin(), benchmarks.end(), benchmarks[0]) == 3) benchmarks.resize(1);
    architectures.push_back(absl::StrJoin(benchmarks, "; "));
  }
  if (architectures[0] == architectures[1]) architectures.resize(1);
  return absl::StrJoin(architectures, " / ");
}

TEST(ConfigurationPage, SaysWhatPresetFastHas) {
  std::istringstream page(testing::ReadFile("docs/configuration.md"));
  int rows = 0;
  for (std::string line; std::getline(page, line);) {
    if (line.rfind("| `", 0) != 0) continue;
    ++rows;
    const std::string path = line.substr(3, line.find('`', 3) - 3);
    const std::vector<std::string> cells = absl::StrSplit(line, '|');
    ASSERT_EQ(cells.size(), 6u) << line;
    EXPECT_EQ(absl::StripAsciiWhitespace(cells[4]), FastCell(path)) << path;
  }
  EXPECT_GT(rows, 0);
}

TEST(ConfigurationPage, HasOneRowForEveryField) {
  std::set<std::string> fields;
  Collect(*v1::RunConfig::descriptor(), "", fields);
  std::multiset<std::string> rows;
  std::istringstream page(testing::ReadFile("docs/configuration.md"));
  for (std::string line; std::getline(page, line);) {
    if (line.rfind("| `", 0) == 0) rows.insert(line.substr(3, line.find('`', 3) - 3));
  }
  EXPECT_THAT(rows, ::testing::ElementsAreArray(fields));
}

}  // namespace
}  // namespace nmn
