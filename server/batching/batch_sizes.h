// The sizes of batches that stand for all of them.
#pragma once

#include <cstdint>
#include <vector>

namespace flambeau {

// 1, 2, 4 and so on below `largest`, and that; 1 alone if it is less.
inline std::vector<int64_t> BatchSizes(int64_t largest) {
  std::vector<int64_t> sizes;
  for (int64_t size = 1; size < largest; size *= 2) sizes.push_back(size);
  sizes.push_back(largest > 1 ? largest : 1);
  return sizes;
}

}  // namespace flambeau
