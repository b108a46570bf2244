// What a TorchScript method takes and returns: a tree of tensors and scalars.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "tensor/tensor.h"

namespace flambeau {

struct Value;
struct ValueEntry;

struct None {
  bool operator==(const None&) const = default;
};
struct ValueList {
  std::vector<Value> items;
};
struct ValueTuple {
  std::vector<Value> items;
  std::vector<std::string> names;  // of a NamedTuple, else empty
};
struct ValueDict {
  std::vector<ValueEntry> items;  // in the model's order
};

// Threads: a value. Lifetime: tensors share their bytes. Errors: none.
struct Value {
  std::variant<None, bool, int64_t, double, std::string, Tensor, ValueList, ValueTuple, ValueDict>
      data;

  const Tensor* tensor() const { return std::get_if<Tensor>(&data); }
  bool is_none() const { return std::holds_alternative<None>(data); }
};

struct ValueEntry {
  std::string key;
  Value value;
};

struct NamedValue {
  std::string name;
  Value value;
};

struct NamedTensor {
  std::string name;
  Tensor tensor;
};

// A result as named tensors, for protocols that know only those. A lone tensor or scalar is
// "output"; element i of a tuple or list is "result[i]", a field or key k is "result.k", and so on
// downwards. Scalars have shape [1]; a string is BYTES; None is left out.
// Errors: none.
std::vector<NamedTensor> Flatten(const Value& result);

}  // namespace flambeau
