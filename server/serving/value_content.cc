#include "serving/value_content.h"

#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace flambeau {
namespace {

class Hasher {
 public:
  explicit Hasher(SipHash* hash) : hash_(hash) {}

  // Every value starts with its kind, and whatever has a length with that.
  void operator()(const Value& value) {
    Put(static_cast<uint8_t>(value.data.index()));
    std::visit(*this, value.data);
  }
  void operator()(const None&) {}
  void operator()(bool flag) { Put(static_cast<uint8_t>(flag)); }
  void operator()(int64_t number) { Put(number); }
  void operator()(double number) { Put(number); }
  void operator()(const std::string& text) {
    Put(text.size());
    hash_->Update(text.data(), text.size());
  }
  void operator()(const Tensor& tensor) {
    Put(static_cast<uint8_t>(tensor.dtype()));
    Put(tensor.shape().size());
    for (const int64_t dim : tensor.shape()) Put(dim);
    Put(tensor.bytes());
    hash_->Update(tensor.data(), tensor.bytes());
  }
  void operator()(const ValueList& list) { PutAll(list.items); }
  void operator()(const ValueTuple& tuple) {
    PutAll(tuple.items);
    Put(tuple.names.size());
    for (const std::string& name : tuple.names) (*this)(name);
  }
  void operator()(const ValueDict& dict) {
    Put(dict.items.size());
    for (const auto& [key, value] : dict.items) {
      (*this)(key);
      (*this)(value);
    }
  }

 private:
  template <typename T>
  void Put(const T& plain) {
    static_assert(std::is_arithmetic_v<T>);
    hash_->Update(&plain, sizeof(plain));
  }
  void PutAll(const std::vector<Value>& values) {
    Put(values.size());
    for (const Value& value : values) (*this)(value);
  }

  SipHash* const hash_;
};

bool Same(const None&, const None&) { return true; }
bool Same(bool a, bool b) { return a == b; }
bool Same(int64_t a, int64_t b) { return a == b; }
bool Same(double a, double b) { return std::memcmp(&a, &b, sizeof(a)) == 0; }
bool Same(const std::string& a, const std::string& b) { return a == b; }
bool Same(const Tensor& a, const Tensor& b) {
  return a.dtype() == b.dtype() && a.shape() == b.shape() && a.bytes() == b.bytes() &&
         (a.bytes() == 0 || std::memcmp(a.data(), b.data(), a.bytes()) == 0);
}
bool Same(const std::vector<Value>& a, const std::vector<Value>& b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (!SameValue(a[i], b[i])) return false;
  }
  return true;
}
bool Same(const ValueList& a, const ValueList& b) { return Same(a.items, b.items); }
bool Same(const ValueTuple& a, const ValueTuple& b) {
  return a.names == b.names && Same(a.items, b.items);
}
bool Same(const ValueDict& a, const ValueDict& b) {
  if (a.items.size() != b.items.size()) return false;
  for (size_t i = 0; i < a.items.size(); ++i) {
    if (a.items[i].key != b.items[i].key || !SameValue(a.items[i].value, b.items[i].value)) {
      return false;
    }
  }
  return true;
}

struct Sizer {
  size_t operator()(const Value& value) const {
    return sizeof(Value) + std::visit(*this, value.data);
  }
  size_t operator()(const std::string& text) const { return text.capacity(); }
  size_t operator()(const Tensor& tensor) const { return tensor.bytes(); }
  size_t operator()(const ValueList& list) const { return All(list.items); }
  size_t operator()(const ValueTuple& tuple) const {
    size_t bytes = All(tuple.items);
    for (const std::string& name : tuple.names) bytes += sizeof(name) + name.capacity();
    return bytes;
  }
  size_t operator()(const ValueDict& dict) const {
    size_t bytes = 0;
    for (const auto& [key, value] : dict.items) {
      bytes += sizeof(key) + key.capacity() + (*this)(value);
    }
    return bytes;
  }
  template <typename Plain>
  size_t operator()(const Plain&) const {
    return 0;
  }
  size_t All(const std::vector<Value>& values) const {
    size_t bytes = 0;
    for (const Value& value : values) bytes += (*this)(value);
    return bytes;
  }
};

// Gives every tensor in a tree of values bytes of its own.
Status Detach(Value* value);

Status DetachAll(std::vector<Value>* values) {
  for (Value& value : *values) FLAMBEAU_RETURN_IF_ERROR(Detach(&value));
  return OkStatus();
}

Status DetachTensor(Tensor* tensor) {
  FLAMBEAU_ASSIGN_OR_RETURN(
      Tensor copy, Tensor::AllocateBytes(tensor->dtype(), tensor->shape(), tensor->bytes()));
  if (tensor->bytes() > 0) std::memcpy(copy.mutable_data(), tensor->data(), tensor->bytes());
  *tensor = std::move(copy);
  return OkStatus();
}

Status Detach(Value* value) {
  if (auto* tensor = std::get_if<Tensor>(&value->data)) return DetachTensor(tensor);
  if (auto* list = std::get_if<ValueList>(&value->data)) return DetachAll(&list->items);
  if (auto* tuple = std::get_if<ValueTuple>(&value->data)) return DetachAll(&tuple->items);
  if (auto* dict = std::get_if<ValueDict>(&value->data)) {
    for (ValueEntry& entry : dict->items) FLAMBEAU_RETURN_IF_ERROR(Detach(&entry.value));
  }
  return OkStatus();
}

}  // namespace

void HashValue(const Value& value, SipHash* hash) { Hasher{hash}(value); }

bool SameValue(const Value& a, const Value& b) {
  if (a.data.index() != b.data.index()) return false;
  return std::visit(
      [&b](const auto& held) { return Same(held, std::get<std::decay_t<decltype(held)>>(b.data)); },
      a.data);
}

size_t ValueBytes(const Value& value) { return Sizer{}(value); }

Result<Value> CopyValue(const Value& value) {
  Value copy = value;
  FLAMBEAU_RETURN_IF_ERROR(Detach(&copy));
  return copy;
}

}  // namespace flambeau
