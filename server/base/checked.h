// Arithmetic on sizes that came from outside: never wraps, says so instead.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

namespace flambeau {

template <typename T>
[[nodiscard]] inline std::optional<T> CheckedAdd(T a, T b) {
  T sum;
  if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
  return sum;
}

template <typename T>
[[nodiscard]] inline std::optional<T> CheckedMultiply(T a, T b) {
  T product;
  if (__builtin_mul_overflow(a, b, &product)) return std::nullopt;
  return product;
}

}  // namespace flambeau
