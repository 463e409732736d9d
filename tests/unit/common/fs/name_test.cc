#include "common/fs/name.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace nmn::fs {
namespace {

TEST(NameOf, IsTheFoldersNameHoweverItsPathIsWritten) {
  for (const char* path : {"runs/b1", "runs/b1/", "/runs/b1//", "./runs/./b1/.", "runs/x/../b1", "b1"})
    EXPECT_EQ(NameOf(path), "b1") << path;
}

TEST(NameOf, OfADotIsTheNameOfTheFolderOneIsIn) {
  const std::filesystem::path before = std::filesystem::current_path();
  const std::filesystem::path folder = std::filesystem::path(::testing::TempDir()) / "a-run";
  std::filesystem::create_directories(folder / "inside");
  std::filesystem::current_path(folder);
  EXPECT_EQ(NameOf("."), "a-run");
  EXPECT_EQ(NameOf("./"), "a-run");
  std::filesystem::current_path(folder / "inside");
  EXPECT_EQ(NameOf(".."), "a-run");
  std::filesystem::current_path(before);
}

}  // namespace
}  // namespace nmn::fs
