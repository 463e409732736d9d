// Small dense products with register tiles, for Highway translation units. Included once a target.
#if defined(NMN_LEARNER_BPTT_PRODUCT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NMN_LEARNER_BPTT_PRODUCT_INL_H_
#undef NMN_LEARNER_BPTT_PRODUCT_INL_H_
#else
#define NMN_LEARNER_BPTT_PRODUCT_INL_H_
#endif

#include <algorithm>
#include <array>
#include <utility>

#include "hwy/highway.h"
#include "learner/bptt/kernels.h"

// Accumulator tiles live in registers only if the loops over them are unrolled.
#ifndef NMN_UNROLL
#ifdef __clang__
#define NMN_UNROLL _Pragma("clang loop unroll(full)")
#else
#define NMN_UNROLL _Pragma("GCC unroll 8")
#endif
#endif

HWY_BEFORE_NAMESPACE();
namespace nmn::bptt {
namespace HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Full = hn::ScalableTag<float>;
using Half = hn::CappedTag<float, kGroup>;  // the last columns, where they fill at most half of an AVX-512 vector
inline constexpr size_t kLanes = hn::MaxLanes(Full());
inline constexpr bool kHasHalf = kLanes > kGroup;

// A tile keeps rows x width accumulators, `width` vectors of b and one of a in registers: 32 of them with AVX-512,
// else 16.
inline constexpr size_t kMaxWidth = kHasHalf ? 5 : 3;
inline constexpr size_t kMaxRows = 8;
inline constexpr size_t MaxRows(size_t width) {
  constexpr std::array<size_t, 6> kWide = {0, 8, 8, 8, 6, 5};
  constexpr std::array<size_t, 4> kNarrow = {0, 8, 6, 4};
  return kHasHalf ? kWide[width] : kNarrow[std::min<size_t>(width, 3)];
}

template <bool kTransposed, size_t kRows, size_t kWidth, bool kTail>
void Tile(const Product& p, size_t row, size_t column) {
  constexpr size_t kVectors = kTail ? kWidth - 1 : kWidth;
  const Full d;
  const Half h;
  hn::Vec<Full> sum[kRows][kVectors + 1];
  hn::Vec<Half> tail[kRows];

  const float* init = p.init == nullptr ? nullptr : p.init + row * p.init_stride + column;
  NMN_UNROLL
  for (size_t m = 0; m < kRows; ++m) {
    NMN_UNROLL
    for (size_t v = 0; v < kVectors; ++v) {
      const bool zero = init == nullptr || column + v * kLanes >= p.init_columns;
      sum[m][v] = zero ? hn::Zero(d) : hn::LoadU(d, init + m * p.init_stride + v * kLanes);
    }
    if constexpr (kTail) {
      const bool zero = init == nullptr || column + kVectors * kLanes >= p.init_columns;
      tail[m] = zero ? hn::Zero(h) : hn::LoadU(h, init + m * p.init_stride + kVectors * kLanes);
    }
  }

  const size_t a_row = kTransposed ? 1 : p.a_stride;
  const size_t a_step = kTransposed ? p.a_stride : 1;
  const size_t b_step = p.b_stride;
  const float* a = p.a + row * a_row;
  const float* b = p.b + column;
  for (size_t k = p.k; k != 0; --k) {
    hn::Vec<Full> wide[kVectors + 1];
    hn::Vec<Half> narrow;
    NMN_UNROLL
    for (size_t v = 0; v < kVectors; ++v) wide[v] = hn::LoadU(d, b + v * kLanes);
    if constexpr (kTail) narrow = hn::LoadU(h, b + kVectors * kLanes);
    NMN_UNROLL
    for (size_t m = 0; m < kRows; ++m) {
      const hn::Vec<Full> x = hn::Set(d, a[m * a_row]);
      NMN_UNROLL
      for (size_t v = 0; v < kVectors; ++v) sum[m][v] = hn::MulAdd(x, wide[v], sum[m][v]);
      if constexpr (kTail) tail[m] = hn::MulAdd(hn::Set(h, a[m * a_row]), narrow, tail[m]);
    }
    a += a_step;
    b += b_step;
  }

  float* c = p.c + row * p.c_stride + column;
  NMN_UNROLL
  for (size_t m = 0; m < kRows; ++m) {
    NMN_UNROLL
    for (size_t v = 0; v < kVectors; ++v) hn::StoreU(sum[m][v], d, c + m * p.c_stride + v * kLanes);
    if constexpr (kTail) hn::StoreU(tail[m], h, c + m * p.c_stride + kVectors * kLanes);
  }
}

using TileFunction = void (*)(const Product&, size_t row, size_t column);

template <bool kTransposed, size_t kWidth, bool kTail, size_t... kIndex>
constexpr std::array<TileFunction, kMaxRows + 1> TilesOfWidth(std::index_sequence<kIndex...>) {
  return {nullptr, &Tile<kTransposed, kIndex + 1, kWidth, kTail>...};
}

template <bool kTransposed, bool kTail, size_t... kIndex>
constexpr std::array<std::array<TileFunction, kMaxRows + 1>, kMaxWidth> TilesOf(std::index_sequence<kIndex...>) {
  return {TilesOfWidth<kTransposed, kIndex + 1, kTail>(std::make_index_sequence<MaxRows(kIndex + 1)>())...};
}

// [width - 1][rows]
template <bool kTransposed, bool kTail>
inline constexpr auto kTiles = TilesOf<kTransposed, kTail>(std::make_index_sequence<kMaxWidth>());

// Size of part `index` where `total` is cut into `parts` nearly equal parts.
HWY_INLINE size_t PartSize(size_t total, size_t parts, size_t index) { return total / parts + (index < total % parts); }

// A block of columns stays in cache while the rows pass over it.
template <bool kTransposed>
void MultiplyImpl(const Product& p) {
  if (p.m == 0 || p.n == 0) return;
  const size_t vectors = (p.n + kLanes - 1) / kLanes;
  const bool half = kHasHalf && vectors * kLanes - p.n >= kGroup;
  const size_t blocks = (vectors + kMaxWidth - 1) / kMaxWidth;
  size_t column = 0;
  for (size_t block = 0; block < blocks; ++block) {
    const size_t width = PartSize(vectors, blocks, block);
    const auto& tiles = [&]() -> const auto& {
      if constexpr (kHasHalf) {
        if (half && block + 1 == blocks) return kTiles<kTransposed, true>[width - 1];
      }
      return kTiles<kTransposed, false>[width - 1];
    }
    ();
    const size_t row_blocks = (p.m + MaxRows(width) - 1) / MaxRows(width);
    size_t row = 0;
    for (size_t i = 0; i < row_blocks; ++i) {
      const size_t rows = PartSize(p.m, row_blocks, i);
      tiles[rows](p, row, column);
      row += rows;
    }
    column += width * kLanes;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace nmn::bptt
HWY_AFTER_NAMESPACE();

#endif  // include guard
