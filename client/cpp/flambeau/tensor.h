// A tensor as the protocol carries it, to and from C++ values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace flambeau::client {

// A part of a shared memory region that was registered with the server (shared_memory.h).
struct SharedMemorySlice {
  std::string region;
  uint64_t offset = 0;
  uint64_t byte_size = 0;
};

// Dense, row-major, little-endian. BYTES: per element a uint32 length and that many bytes.
struct Tensor {
  std::string name;
  std::string datatype;  // the protocol's: "FP32", "INT64", "BOOL", "BYTES", ...
  std::vector<int64_t> shape;
  std::string bytes;
  // Set: the elements are there, and `bytes` is empty.
  std::optional<SharedMemorySlice> shared_memory = std::nullopt;
};

// T: float, double, bool, int8_t to int64_t, uint8_t to uint64_t, std::string (BYTES). FP16 and
// BF16 have no C++ type: fill `bytes`.
// Threads: any. Lifetime: none.
// Errors: none here; the server refuses a shape of another number of elements.
template <typename T>
Tensor MakeTensor(std::string name, std::vector<int64_t> shape, const std::vector<T>& elements);

// The elements of `tensor`, flattened row-major; T as above.
// Threads: any. Lifetime: none.
// Errors: INVALID_ARGUMENT if it is of another datatype, in shared memory, or does not fit its
// shape.
template <typename T>
absl::StatusOr<std::vector<T>> Elements(const Tensor& tensor);

}  // namespace flambeau::client
