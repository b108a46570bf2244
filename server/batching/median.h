// The middle of what was measured.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace flambeau {

// Of two in the middle the larger. `measured` is not empty.
template <typename T>
T Median(std::vector<T> measured) {
  const auto middle = measured.begin() + static_cast<std::ptrdiff_t>(measured.size() / 2);
  std::nth_element(measured.begin(), middle, measured.end());
  return *middle;
}

}  // namespace flambeau
