#include "cli/sweep/image_name.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace nmn::sweep {
namespace {

TEST(ImageName, RegistriesOfEveryKindAreTaken) {
  for (const char* registry : {"registry.example/nmn", "localhost:5000", "[::1]:5000/nmn", "10.0.0.1/a_b/c--d/e__f",
                               "Registry.Example/nmn", "nmn"})
    EXPECT_TRUE(CheckRegistry(registry).ok()) << registry;
}

TEST(ImageName, WhatNoRegistryIsCalledIsRefused) {
  for (const std::string registry : {"x: y", "", "https://registry.example", "registry.example/", "a//b", "a b",
                                     "r/NMN", "\"", "a\nb", "r:port", "-r", "#r", "\xff", "a/.b", "r\\n"})
    EXPECT_TRUE(absl::IsInvalidArgument(CheckRegistry(registry))) << registry;
  EXPECT_TRUE(absl::IsInvalidArgument(CheckRegistry(std::string(1 << 20, 'a'))));
}

TEST(ImageName, TagsAreLettersDigitsDotsDashesAndUnderscores) {
  for (const std::string& tag : std::vector<std::string>{"0.1.0", "_x", "0.1_x-Y", std::string(128, 'a')})
    EXPECT_TRUE(CheckTag(tag).ok()) << tag;
  for (const std::string& tag : std::vector<std::string>{"a:b", "a b", "", ".1", "-1", "a\n", std::string(129, 'a')})
    EXPECT_TRUE(absl::IsInvalidArgument(CheckTag(tag))) << tag;
}

}  // namespace
}  // namespace nmn::sweep
