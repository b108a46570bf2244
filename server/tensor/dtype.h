// Datatypes of the Open Inference Protocol (KServe v2, "Tensor Data Types").
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace flambeau {

enum class DType : uint8_t {
  kBool,
  kUint8,
  kUint16,
  kUint32,
  kUint64,
  kInt8,
  kInt16,
  kInt32,
  kInt64,
  kFp16,
  kBf16,
  kFp32,
  kFp64,
  kBytes,
};

// Bytes per element; 0 for kBytes, whose elements carry their own length.
size_t ItemSize(DType dtype);

// The protocol's name: "BOOL", "UINT8", ..., "FP16", "BF16", "FP32", "FP64", "BYTES".
std::string_view Name(DType dtype);

// The inverse of Name; nothing for a name that the protocol does not have.
std::optional<DType> ParseDType(std::string_view name);

bool IsFloat(DType dtype);
bool IsInteger(DType dtype);  // signed or unsigned, not kBool

}  // namespace flambeau
