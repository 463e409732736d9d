#pragma once

#include <cassert>
#include <cstddef>
#include <type_traits>

namespace nmn {

// A borrowed two-dimensional array of float32, row-major; `stride` counts floats from one row to the next. Never owns.
// By convention the last axis is the lane (one episode), so [feature, lane] or [time, episode].
template <typename T>
struct BasicView2 {
  T* data = nullptr;
  size_t rows = 0;
  size_t columns = 0;
  size_t stride = 0;

  BasicView2() = default;
  BasicView2(T* data, size_t rows, size_t columns) : BasicView2(data, rows, columns, columns) {}
  BasicView2(T* data, size_t rows, size_t columns, size_t stride)
      : data(data), rows(rows), columns(columns), stride(stride) {}
  // A mutable view reads as a constant one.
  template <typename U>
  requires(!std::is_same_v<U, T> && std::is_convertible_v<U*, T*>)
      BasicView2(const BasicView2<U>& other)  // NOLINT(google-explicit-constructor)
      : data(other.data), rows(other.rows), columns(other.columns), stride(other.stride) {}

  T* row(size_t r) const {
    assert(r < rows);
    return data + r * stride;
  }
  T& operator()(size_t r, size_t c) const {
    assert(c < columns);
    return row(r)[c];
  }
  // Columns [first, first + count).
  BasicView2 Columns(size_t first, size_t count) const {
    assert(first + count <= columns);
    return BasicView2(data + first, rows, count, stride);
  }
};

using View2 = BasicView2<float>;
using ConstView2 = BasicView2<const float>;

// Likewise with three axes, [time, feature, lane]; the lanes of a row are contiguous.
template <typename T>
struct BasicView3 {
  T* data = nullptr;
  size_t planes = 0;
  size_t rows = 0;
  size_t columns = 0;

  BasicView3() = default;
  BasicView3(T* data, size_t planes, size_t rows, size_t columns)
      : data(data), planes(planes), rows(rows), columns(columns) {}
  template <typename U>
  requires(!std::is_same_v<U, T> && std::is_convertible_v<U*, T*>)
      BasicView3(const BasicView3<U>& other)  // NOLINT(google-explicit-constructor)
      : data(other.data), planes(other.planes), rows(other.rows), columns(other.columns) {}

  BasicView2<T> plane(size_t p) const {
    assert(p < planes);
    return BasicView2<T>(data + p * rows * columns, rows, columns);
  }
};

using View3 = BasicView3<float>;
using ConstView3 = BasicView3<const float>;

}  // namespace nmn
