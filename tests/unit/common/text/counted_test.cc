#include "common/text/counted.h"

#include <gtest/gtest.h>

namespace nmn::text {
namespace {

TEST(Counted, OneIsNoPlural) {
  EXPECT_EQ(Counted(1, "update"), "1 update");
  EXPECT_EQ(Counted(0, "update"), "0 updates");
  EXPECT_EQ(Counted(2, "training episode"), "2 training episodes");
  EXPECT_EQ(Counted(UINT64_MAX, "byte"), "18446744073709551615 bytes");
}

}  // namespace
}  // namespace nmn::text
