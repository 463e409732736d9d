#include "learner/metrics/thinned.h"

#include <gmock/gmock.h>

namespace nmn::metrics {
namespace {

using List = Thinned<uint64_t>;

List Filled(uint64_t last) {
  List list;
  for (uint64_t number = 1; number <= last; ++number) list.Add(number, number);
  return list;
}

std::vector<uint64_t> Items(const List& list) {
  std::vector<uint64_t> items;
  for (const auto& [number, item] : list.numbered()) {
    EXPECT_EQ(number, item);
    items.push_back(item);
  }
  return items;
}

TEST(Thinned, KeepsAllWhileTheyAreFew) {
  EXPECT_EQ(Items(Filled(1000)).size(), 1000);
  EXPECT_EQ(Filled(1000).stride(), 1);
}

TEST(Thinned, IsNeverLongAndHasTheFirstAndTheLast) {
  List list;
  for (uint64_t number = 1; number <= 20'000; ++number) {
    list.Add(number, number);
    ASSERT_LE(list.numbered().size(), List::kMost + 2);
    ASSERT_EQ(list.numbered().front().first, 1);
    ASSERT_EQ(list.numbered().back().first, number);
  }
  EXPECT_EQ(list.stride(), 32);
  EXPECT_GT(list.numbered().size(), List::kMost / 2);
}

TEST(Thinned, HasTheMultiplesOfItsStrideBetweenThem) {
  const std::vector<uint64_t> items = Items(Filled(2003));
  ASSERT_EQ(items.size(), 502);
  EXPECT_EQ(items[0], 1);
  for (size_t i = 1; i < 501; ++i) EXPECT_EQ(items[i], 4 * i);
  EXPECT_EQ(items[501], 2003);
}

TEST(Thinned, OfWhatItWouldKeepIsTheSame) {
  for (const uint64_t last : {1, 2, 999, 1001, 1024, 5000}) {
    List list;
    for (uint64_t number = 1; number <= last; ++number) {
      if (List::Keeps(number, last)) list.Add(number, number);
    }
    EXPECT_EQ(Items(list), Items(Filled(last))) << last;
  }
}

TEST(Thinned, MayBeginLate) {
  List list;
  for (uint64_t number = 5001; number <= 5010; ++number) list.Add(number, number);
  EXPECT_THAT(Items(list), ::testing::ElementsAre(5008, 5010));
}

}  // namespace
}  // namespace nmn::metrics
