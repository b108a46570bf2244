// A model's result as a value of the server, and its rows.
#pragma once

#include <ATen/core/ivalue.h>

#include <unordered_set>
#include <vector>

#include "backend/torch/convert.h"
#include "base/status.h"
#include "tensor/value.h"

namespace flambeau {

// Which result tensors must be copied, because others can still write or free their memory, and
// where copies from a device are noted that it may still be writing.
struct ResultMemory {
  const std::unordered_set<const void*>* model;  // storages of attributes and constants
  const Gatherer* inputs;
  std::vector<at::Tensor>* in_transit;
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
