// Values of the server as values of LibTorch: gathering a batch.
#pragma once

#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>
#include <c10/core/Device.h>

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "tensor/value.h"

namespace flambeau {

std::optional<DType> ToDType(c10::ScalarType type);
c10::ScalarType ToScalarType(DType dtype);  // kBytes has none: the caller has checked

// One argument as the method wants it.
struct ArgumentSlot {
  std::string name;
  c10::TypePtr type;
  std::optional<c10::IValue> default_value;
};

// Makes the arguments of one run.
// Threads: one. Lifetime: one run; wrapped memory must outlive it.
// Errors: INVALID_ARGUMENT naming the argument. Allocation failures throw, as LibTorch's do.
class Gatherer {
 public:
  // `may_wrap`: a lone tensor may be used where it lies, uncopied.
  Gatherer(c10::Device device, bool may_wrap) : device_(device), may_wrap_(may_wrap) {}

  // `parts` has one value per item; tensors are concatenated along dimension 0, anything else is
  // taken from the first.
  Result<c10::IValue> Gather(const ArgumentSlot& slot, std::span<const Value* const> parts);

  // True if the tensor lives in memory that the request owns.
  bool Wraps(const at::Tensor& tensor) const;

 private:
  Result<c10::IValue> GatherAs(const c10::Type& type, std::span<const Value* const> parts);
  Result<c10::IValue> GatherTensor(std::span<const Value* const> parts);
  Result<c10::IValue> GatherList(const c10::ListType& type, std::span<const Value* const> parts);
  Result<c10::IValue> GatherTuple(const c10::TupleType& type, std::span<const Value* const> parts);
  Result<c10::IValue> GatherDict(const c10::DictType& type, std::span<const Value* const> parts);
  Status Refuse(const std::string& what) const;

  const c10::Device device_;
  const bool may_wrap_;
  const std::string* name_ = nullptr;  // of the argument at hand
  std::vector<const void*> wrapped_;   // storages
};

}  // namespace flambeau
