#include "tensor/value.h"

#include <cstring>
#include <memory>

namespace flambeau {
namespace {

template <typename T>
Tensor ScalarTensor(DType dtype, T scalar) {
  auto owner = std::make_shared<T>(scalar);
  const auto* data = reinterpret_cast<const std::byte*>(owner.get());
  return {dtype, {1}, std::move(owner), data, sizeof(T)};
}

struct Flattener {
  std::string path;
  std::vector<NamedTensor>* out;

  void Add(Tensor tensor) const {
    out->push_back({path.empty() ? "output" : "result" + path, std::move(tensor)});
  }
  void Descend(const std::string& step, const Value& child) const {
    std::visit(Flattener{path + step, out}, child.data);
  }

  void operator()(const None&) const {}
  void operator()(bool flag) const { Add(ScalarTensor<uint8_t>(DType::kBool, flag ? 1 : 0)); }
  void operator()(int64_t number) const { Add(ScalarTensor(DType::kInt64, number)); }
  void operator()(double number) const { Add(ScalarTensor(DType::kFp64, number)); }
  void operator()(const std::string& text) const { Add(BytesScalar(text)); }
  void operator()(const Tensor& tensor) const { Add(tensor); }
  void operator()(const ValueList& list) const {
    for (size_t i = 0; i < list.items.size(); ++i) {
      Descend("[" + std::to_string(i) + "]", list.items[i]);
    }
  }
  void operator()(const ValueTuple& tuple) const {
    for (size_t i = 0; i < tuple.items.size(); ++i) {
      const bool named = i < tuple.names.size();
      Descend(named ? "." + tuple.names[i] : "[" + std::to_string(i) + "]", tuple.items[i]);
    }
  }
  void operator()(const ValueDict& dict) const {
    for (const auto& [key, value] : dict.items) Descend("." + key, value);
  }
};

}  // namespace

std::vector<NamedTensor> Flatten(const Value& result) {
  std::vector<NamedTensor> tensors;
  std::visit(Flattener{"", &tensors}, result.data);
  return tensors;
}

}  // namespace flambeau
