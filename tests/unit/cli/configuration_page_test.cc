// docs/configuration.md has a row for every field of RunConfig, and none for a field that is not there.

#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>
#include <string>

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
