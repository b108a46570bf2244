// JSON arrays of numbers <-> tensors, without a DOM: the hot path of REST.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "tensor/tensor.h"
#include "tensor/value.h"

namespace flambeau {

// A request's body with simdjson's padding readable after its end.
struct PaddedJson {
  std::string_view text;  // at least kJsonPadding readable bytes follow text.end()
};
inline constexpr size_t kJsonPadding = 64;

// Parses JSON text (a nested or flat array, or one scalar) that is exactly one value.
//   dtype: what to parse as. Nothing: as torch.tensor would: all integers INT64, any fraction FP32,
//     all booleans BOOL, all strings BYTES. Given but the text is of another kind (a fraction for
//     INT64, a string for a number, out of range, NaN): INVALID_ARGUMENT.
//   shape: nothing: the nesting's own (ragged: INVALID_ARGUMENT); given: the flattened count must
//   be
//     its product.
//   field: what to call it in errors: "inputs[0].data".
// Nesting deeper than 32: INVALID_ARGUMENT. Memory grows with the text, not with `shape`.
Result<Tensor> ParseTensor(PaddedJson json, std::optional<DType> dtype,
                           const std::optional<Shape>& shape, std::string_view field);

// Appends `tensor` as nested arrays by its shape (rank 0: a bare scalar), or flat (one array).
// Floats: shortest text that reads back equal in their own datatype; NaN, Infinity, -Infinity as
// Python and Triton write them. BYTES: strings; bytes that are not UTF-8: INVALID_ARGUMENT.
Status AppendNested(const Tensor& tensor, std::string* out);
Status AppendFlat(const Tensor& tensor, std::string* out);

// Appends one number as an FP64 element is written.
void AppendNumber(double number, std::string* out);

// Appends a JSON string, escaped; `text` must be UTF-8 (callers check), else U+FFFD stands in.
void AppendString(std::string_view text, std::string* out);

// Strict UTF-8 check (no surrogates, no overlong forms).
bool IsUtf8(std::string_view text);

}  // namespace flambeau
