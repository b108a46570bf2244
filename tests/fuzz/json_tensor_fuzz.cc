// Any text as a tensor of any datatype: refused, or read, written and read again to the same bytes.
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "codec/json_cursor.h"
#include "codec/json_numbers.h"

namespace {

using flambeau::DType;
using flambeau::Tensor;

void Check(bool holds) {
  if (!holds) std::abort();
}

void CheckRoundTrip(const Tensor& tensor) {
  std::string text;
  Check(flambeau::AppendNested(tensor, &text).ok());
  const auto again = flambeau::ParseTensor({text}, tensor.dtype(), tensor.shape(), "data");
  Check(again.ok() && again->bytes() == tensor.bytes());
  Check(tensor.bytes() == 0 || std::memcmp(again->data(), tensor.data(), tensor.bytes()) == 0);
}

}  // namespace

// The first byte chooses the datatype, 14 and up: inferred.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::optional<DType> dtype;
  if (data[0] % 16 < 14) dtype = static_cast<DType>(data[0] % 16);
  const auto tensor = flambeau::ParseTensor({text}, dtype, std::nullopt, "data");
  if (tensor.ok()) {
    CheckRoundTrip(*tensor);
    // What the tensor's parser takes, the general check takes as well.
    flambeau::JsonCursor cursor(text);
    Check(cursor.Skip().ok() && cursor.Finish().ok());
  }
  return 0;
}
