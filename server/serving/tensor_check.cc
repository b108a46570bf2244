#include "serving/tensor_check.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "backend/fact_rules.h"
#include "base/sentence.h"

namespace flambeau {
namespace {

std::string DTypeList(const std::vector<DType>& dtypes) {
  std::string list;
  for (size_t i = 0; i < dtypes.size(); ++i) {
    if (i > 0) list += i + 1 == dtypes.size() ? " or " : ", ";
    list += Name(dtypes[i]);
  }
  return list;
}

Status CheckDType(const ArgumentFact& argument, const Tensor& tensor) {
  const std::vector<DType>& accepted = argument.tensor.accepted;
  if (!IsFirm(argument.tensor.dtype_source) || accepted.empty()) return OkStatus();
  if (std::find(accepted.begin(), accepted.end(), tensor.dtype()) != accepted.end()) {
    return OkStatus();
  }
  return InvalidArgument("Input " + Quote(argument.name) + " has datatype " +
                         std::string(Name(tensor.dtype())) + "; the model expects " +
                         DTypeList(accepted) + ".");
}

// "[-1,10]" as a sentence's end.
std::string Expected(const TensorFact& fact) {
  if (fact.any_rank) return "a last dimension of " + std::to_string(fact.dims->back());
  return ToString(*fact.dims) + ", where -1 is any size";
}

Status CheckDims(const ArgumentFact& argument, const Shape& shape) {
  const TensorFact& fact = argument.tensor;
  if (!IsFirm(fact.dims_source) || !fact.dims.has_value() || fact.dims->empty()) return OkStatus();
  const Shape& expected = *fact.dims;
  bool fits = fact.any_rank ? !shape.empty() : shape.size() == expected.size();
  if (fits && fact.any_rank) {
    fits = expected.back() < 0 || expected.back() == shape.back();
  }
  // Dimension 0 is the batch's, whatever the file's example had.
  const size_t first = fact.dims_source == FactSource::kDeclared ? 0 : 1;
  for (size_t i = first; fits && !fact.any_rank && i < shape.size(); ++i) {
    fits = expected[i] < 0 || expected[i] == shape[i];
  }
  if (fits) return OkStatus();
  return InvalidArgument("Input " + Quote(argument.name) + " has shape " + ToString(shape) +
                         "; the model expects " + Expected(fact) + ".");
}

template <typename T>
Status CheckRange(const ArgumentFact& argument, const Tensor& tensor, int64_t limit) {
  const std::byte* at = tensor.data();
  const size_t count = tensor.bytes() / sizeof(T);
  for (size_t i = 0; i < count; ++i, at += sizeof(T)) {
    T index;  // a view into a request's body may lie anywhere
    std::memcpy(&index, at, sizeof(T));
    if (index >= 0 && index < limit) continue;
    return InvalidArgument("Input " + Quote(argument.name) + " holds " + std::to_string(index) +
                           " at element " + std::to_string(i) + "; the model's table takes 0 to " +
                           std::to_string(limit - 1) + ".");
  }
  return OkStatus();
}

// Checked here since on an accelerator an index out of range ends the whole context.
Status CheckIndices(const ArgumentFact& argument, const Tensor& tensor) {
  if (!argument.tensor.index_limit.has_value()) return OkStatus();
  const int64_t limit = *argument.tensor.index_limit;
  switch (tensor.dtype()) {
    case DType::kInt64:
      return CheckRange<int64_t>(argument, tensor, limit);
    case DType::kInt32:
      return CheckRange<int32_t>(argument, tensor, limit);
    default:
      return OkStatus();
  }
}

}  // namespace

Status CheckTensor(const ArgumentFact& argument, const Tensor& tensor) {
  FLAMBEAU_RETURN_IF_ERROR(CheckDType(argument, tensor));
  FLAMBEAU_RETURN_IF_ERROR(CheckDims(argument, tensor.shape()));
  return CheckIndices(argument, tensor);
}

}  // namespace flambeau
