// Values of the server <-> values of LibTorch: gathering a batch and taking a result apart.
#pragma once

#include <ATen/core/ivalue.h>
#include <ATen/core/jit_type.h>
#include <c10/core/Device.h>

#include <optional>
#include <span>
#include <string>
#include <unordered_set>
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

// Which result tensors must be copied, because others can still write or free their memory.
struct ResultMemory {
  const std::unordered_set<const void*>* model;  // storages of attributes and constants
  const Gatherer* inputs;
  bool copy_all = false;
};

// The result, its tensors views of LibTorch's memory, each pinning it. On an accelerator copies are
// queued on the current stream: wait for it before reading.
// Errors: INTERNAL for a type or datatype that no protocol carries.
Result<Value> ToValue(const c10::IValue& result, const ResultMemory& memory);

// Is every tensor's dimension 0 `rows`?
bool HasRows(const Value& value, int64_t rows);
// Rows [begin, begin + count) of every tensor; requires HasRows.
Value SliceRows(const Value& value, int64_t begin, int64_t count);

}  // namespace flambeau
