#include "batching/result_leaves.h"

#include <cstring>

namespace flambeau {
namespace {

struct Collector {
  ResultLeaves* leaves;

  void Add(const Value& value) const {
    leaves->rest += static_cast<char>('a' + value.data.index());
    std::visit(*this, value.data);
  }
  template <typename T>
  void Bits(const T& plain) const {
    char bytes[sizeof(T)];
    std::memcpy(bytes, &plain, sizeof(T));
    leaves->rest.append(bytes, sizeof(T));
  }
  void Text(const std::string& text) const {
    Bits(text.size());
    leaves->rest += text;
  }
  void AddAll(const std::vector<Value>& values) const {
    Bits(values.size());
    for (const Value& value : values) Add(value);
  }

  void operator()(const None&) const {}
  void operator()(bool flag) const { Bits(flag); }
  void operator()(int64_t number) const { Bits(number); }
  void operator()(double number) const { Bits(number); }
  void operator()(const std::string& text) const { Text(text); }
  void operator()(const Tensor& tensor) const { leaves->tensors.push_back(tensor); }
  void operator()(const ValueList& list) const { AddAll(list.items); }
  void operator()(const ValueTuple& tuple) const { AddAll(tuple.items); }
  void operator()(const ValueDict& dict) const {
    Bits(dict.items.size());
    for (const auto& [key, value] : dict.items) {
      Text(key);
      Add(value);
    }
  }
};

}  // namespace

ResultLeaves LeavesOf(const Value& result) {
  ResultLeaves leaves;
  Collector{&leaves}.Add(result);
  return leaves;
}

}  // namespace flambeau
