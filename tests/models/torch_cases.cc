#include "torch_cases.h"

#include <dlfcn.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <utility>

namespace flambeau {
namespace {

CreateBackendFunction OpenModule() {
  void* module = dlopen(FLAMBEAU_TORCH_MODULE, RTLD_NOW | RTLD_LOCAL);
  if (module == nullptr) {
    std::fprintf(stderr, "%s\n", dlerror());
    std::abort();
  }
  return reinterpret_cast<CreateBackendFunction>(dlsym(module, kCreateBackendSymbol));
}

Tensor DecodeTensor(const nlohmann::json& encoded) {
  const std::string hex = encoded["bytes"];
  const auto dims = encoded["shape"].get<std::vector<int64_t>>();
  const DType dtype = *ParseDType(encoded["dtype"].get<std::string>());
  Tensor tensor = *Tensor::Allocate(dtype, Shape(dims.begin(), dims.end()));
  for (size_t i = 0; i < tensor.bytes(); ++i) {
    tensor.mutable_data()[i] = static_cast<std::byte>(std::stoi(hex.substr(2 * i, 2), nullptr, 16));
  }
  return tensor;
}

template <typename T>
bool Close(const Tensor& a, const Tensor& b) {
  for (size_t i = 0; i < a.As<T>().size(); ++i) {
    const double x = a.As<T>()[i];
    const double y = b.As<T>()[i];
    if (!(std::fabs(x - y) <= 1e-5 * (1 + std::fabs(y)))) return false;
  }
  return true;
}

bool Equal(const Tensor& a, const Tensor& b, std::string* where) {
  if (a.dtype() != b.dtype() || a.shape() != b.shape() || a.bytes() != b.bytes()) {
    *where = std::string(Name(a.dtype())) + ToString(a.shape()) + " against " +
             std::string(Name(b.dtype())) + ToString(b.shape());
    return false;
  }
  bool same = false;
  if (a.dtype() == DType::kFp32) {
    same = Close<float>(a, b);
  } else if (a.dtype() == DType::kFp64) {
    same = Close<double>(a, b);
  } else {
    same = a.bytes() == 0 || std::memcmp(a.data(), b.data(), a.bytes()) == 0;
  }
  if (!same) *where = "the numbers differ";
  return same;
}

bool EqualItems(const std::vector<Value>& a, const std::vector<Value>& b, std::string* where) {
  if (a.size() != b.size()) {
    *where = "another number of elements";
    return false;
  }
  for (size_t i = 0; i < a.size(); ++i) {
    if (!Equal(a[i], b[i], where)) return false;
  }
  return true;
}

}  // namespace

const nlohmann::json& Cases() {
  static const nlohmann::json cases = [] {
    std::ifstream file(CasePath("cases.json"));
    return nlohmann::json::parse(file);
  }();
  return cases;
}

std::string CasePath(const std::string& file) {
  return std::string(FLAMBEAU_TORCH_CASES) + "/" + file;
}

Backend& TorchBackend() {
  static const std::unique_ptr<Log> log = Log::Silent();
  static const std::unique_ptr<Backend> backend = OpenTorchBackend({log.get()});
  return *backend;
}

std::unique_ptr<Backend> OpenTorchBackend(const BackendEnvironment& environment) {
  return std::unique_ptr<Backend>(OpenModule()(&environment));
}

Value Decode(const nlohmann::json& encoded) {
  if (encoded.contains("none")) return Value{};
  if (encoded.contains("bytes")) return Value{DecodeTensor(encoded)};
  if (encoded.contains("bool")) return Value{encoded["bool"].get<bool>()};
  if (encoded.contains("int")) return Value{encoded["int"].get<int64_t>()};
  if (encoded.contains("float")) return Value{encoded["float"].get<double>()};
  if (encoded.contains("str")) return Value{encoded["str"].get<std::string>()};
  if (encoded.contains("list")) return Value{ValueList{DecodeAll(encoded["list"])}};
  if (encoded.contains("tuple")) {
    return Value{
        ValueTuple{DecodeAll(encoded["tuple"]), encoded["names"].get<std::vector<std::string>>()}};
  }
  ValueDict dict;
  for (const auto& entry : encoded["dict"]) dict.items.push_back({entry[0], Decode(entry[1])});
  return Value{std::move(dict)};
}

std::vector<Value> DecodeAll(const nlohmann::json& encoded) {
  std::vector<Value> values;
  for (const auto& element : encoded) values.push_back(Decode(element));
  return values;
}

bool Equal(const Value& a, const Value& b, std::string* where) {
  if (a.data.index() != b.data.index()) {
    *where = "another kind of value";
    return false;
  }
  if (const Tensor* tensor = a.tensor()) return Equal(*tensor, *b.tensor(), where);
  if (const auto* list = std::get_if<ValueList>(&a.data)) {
    return EqualItems(list->items, std::get<ValueList>(b.data).items, where);
  }
  if (const auto* tuple = std::get_if<ValueTuple>(&a.data)) {
    const auto& other = std::get<ValueTuple>(b.data);
    if (tuple->names != other.names) *where = "other field names";
    return tuple->names == other.names && EqualItems(tuple->items, other.items, where);
  }
  if (const auto* dict = std::get_if<ValueDict>(&a.data)) {
    const auto& other = std::get<ValueDict>(b.data);
    if (dict->items.size() != other.items.size()) return false;
    for (size_t i = 0; i < dict->items.size(); ++i) {
      if (dict->items[i].key != other.items[i].key ||
          !Equal(dict->items[i].value, other.items[i].value, where)) {
        return false;
      }
    }
    return true;
  }
  *where = "another scalar";
  if (const double* number = std::get_if<double>(&a.data)) {
    return *number == std::get<double>(b.data);
  }
  if (const auto* number = std::get_if<int64_t>(&a.data)) {
    return *number == std::get<int64_t>(b.data);
  }
  if (const bool* flag = std::get_if<bool>(&a.data)) return *flag == std::get<bool>(b.data);
  if (const auto* text = std::get_if<std::string>(&a.data)) {
    return *text == std::get<std::string>(b.data);
  }
  return true;
}

int64_t RowsOf(const std::vector<Value>& arguments) {
  for (const Value& argument : arguments) {
    const Value* value = &argument;
    while (const auto* list = std::get_if<ValueList>(&value->data)) value = &list->items.at(0);
    if (const Tensor* tensor = value->tensor()) {
      return tensor->shape().empty() ? 1 : tensor->shape()[0];
    }
  }
  return 1;
}

size_t MethodIndex(const Model& model, const std::string& name) {
  const auto& methods = model.facts().methods;
  for (size_t i = 0; i < methods.size(); ++i) {
    if (methods[i].name == name) return i;
  }
  ADD_FAILURE() << "no method " << name;
  return 0;
}

std::vector<Result<Value>> RunBatch(Instance& instance, size_t method,
                                    const std::vector<std::vector<Value>>& arguments) {
  std::vector<Item> items;
  for (const std::vector<Value>& values : arguments) {
    Item item;
    item.method = method;
    item.arguments = values;
    item.rows = RowsOf(values);
    items.push_back(item);
  }
  CollectingSink sink(items.size());
  instance.Run(items, sink);
  EXPECT_EQ(sink.deliveries, static_cast<int>(items.size()));
  return std::move(sink.results);
}

}  // namespace flambeau
