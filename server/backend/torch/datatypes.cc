#include "backend/torch/datatypes.h"

#include <unordered_map>

#include "backend/torch/convert.h"

namespace flambeau {
namespace {

using c10::ScalarType;

bool IsWideUnsigned(ScalarType type) {
  return type == at::kUInt16 || type == at::kUInt32 || type == at::kUInt64;
}

bool IsFloating(ScalarType type) { return c10::isFloatingType(type); }

AfterType ApplyOne(UnaryTypes rule, ScalarType type) {
  switch (rule) {
    case UnaryTypes::kKeeps:
      return AfterType::Known(type);
    case UnaryTypes::kPromotes:
      return AfterType::Known(IsFloating(type) ? type : at::kFloat);
    case UnaryTypes::kFloatOnly:
      return IsFloating(type) ? AfterType::Known(type) : AfterType::Fails();
    case UnaryTypes::kNumbers:
      if (type == at::kBool || IsWideUnsigned(type)) return AfterType::Unknown();
      return AfterType::Known(type);
  }
  return AfterType::Unknown();
}

template <typename F>
TypeFlow Map(const TypeFlow& types, F after) {
  TypeFlow result;
  for (size_t i = 0; i < kCandidates; ++i) {
    result[i] = types[i].state == AfterType::State::kKnown ? after(types[i].type) : types[i];
  }
  return result;
}

}  // namespace

DType Candidate(size_t index) {
  static constexpr std::array<DType, kCandidates> kAll = {
      DType::kBool, DType::kUint8, DType::kUint16, DType::kUint32, DType::kUint64,
      DType::kInt8, DType::kInt16, DType::kInt32,  DType::kInt64,  DType::kFp16,
      DType::kBf16, DType::kFp32,  DType::kFp64};
  return kAll.at(index);
}

TypeFlow InitialTypes() {
  TypeFlow types;
  for (size_t i = 0; i < kCandidates; ++i) types[i] = AfterType::Known(ToScalarType(Candidate(i)));
  return types;
}

std::optional<UnaryTypes> UnaryTypesOf(std::string_view op) {
  static const std::unordered_map<std::string_view, UnaryTypes> rules = [] {
    std::unordered_map<std::string_view, UnaryTypes> map;
    for (const char* name : {"aten::contiguous",
                             "aten::clone",
                             "aten::detach",
                             "aten::dropout",
                             "aten::dropout_",
                             "aten::feature_dropout",
                             "aten::alpha_dropout",
                             "aten::view",
                             "aten::reshape",
                             "aten::flatten",
                             "aten::permute",
                             "aten::transpose",
                             "aten::t",
                             "aten::unsqueeze",
                             "aten::squeeze",
                             "aten::slice",
                             "aten::select",
                             "aten::index_select",
                             "aten::pad",
                             "aten::constant_pad_nd",
                             "aten::expand",
                             "aten::repeat",
                             "aten::narrow",
                             "aten::flip",
                             "aten::roll",
                             "aten::movedim",
                             "aten::swapaxes",
                             "aten::alias",
                             "aten::pixel_shuffle",
                             "aten::unflatten",
                             "aten::numpy_T",
                             "aten::mT"}) {
      map[name] = UnaryTypes::kKeeps;
    }
    for (const char* name :
         {"aten::sigmoid", "aten::tanh", "aten::exp", "aten::log", "aten::sqrt", "aten::sin",
          "aten::cos", "aten::erf", "aten::log1p", "aten::expm1", "aten::rsqrt", "aten::log2",
          "aten::log10", "aten::tan", "aten::atan"}) {
      map[name] = UnaryTypes::kPromotes;
    }
    for (const char* name : {"aten::gelu",
                             "aten::silu",
                             "aten::leaky_relu",
                             "aten::elu",
                             "aten::celu",
                             "aten::selu",
                             "aten::softplus",
                             "aten::hardswish",
                             "aten::hardsigmoid",
                             "aten::mish",
                             "aten::softmax",
                             "aten::log_softmax",
                             "aten::mean",
                             "aten::adaptive_avg_pool2d",
                             "aten::adaptive_avg_pool1d",
                             "aten::adaptive_avg_pool3d",
                             "aten::layer_norm",
                             "aten::group_norm",
                             "aten::batch_norm",
                             "aten::instance_norm",
                             "aten::log_sigmoid"}) {
      map[name] = UnaryTypes::kFloatOnly;
    }
    for (const char* name :
         {"aten::relu", "aten::relu_", "aten::abs", "aten::neg", "aten::clamp_min",
          "aten::max_pool2d", "aten::max_pool1d", "aten::max_pool3d"}) {
      map[name] = UnaryTypes::kNumbers;
    }
    return map;
  }();
  const auto rule = rules.find(op);
  return rule == rules.end() ? std::nullopt : std::optional<UnaryTypes>(rule->second);
}

TypeFlow Apply(UnaryTypes rule, const TypeFlow& types) {
  return Map(types, [rule](ScalarType type) { return ApplyOne(rule, type); });
}

TypeFlow Cast(const TypeFlow& types, ScalarType to) {
  TypeFlow result;
  for (size_t i = 0; i < kCandidates; ++i) {
    const bool fails = types[i].state == AfterType::State::kFails;
    result[i] = fails ? AfterType::Fails() : AfterType::Known(to);
  }
  return result;
}

TypeFlow WithScalar(const TypeFlow& types, bool scalar_is_float, bool divides) {
  return Map(types, [=](ScalarType type) {
    if (IsFloating(type)) return AfterType::Known(type);
    if (scalar_is_float || divides) return AfterType::Known(at::kFloat);
    if (type == at::kBool || IsWideUnsigned(type)) return AfterType::Unknown();
    return AfterType::Known(type);
  });
}

TypeFlow WithTensor(const TypeFlow& types, ScalarType other, bool divides) {
  return Map(types, [=](ScalarType type) {
    if (IsWideUnsigned(type) && !IsFloating(other)) return AfterType::Unknown();
    const ScalarType both = c10::promoteTypes(type, other);
    if (divides && !IsFloating(both)) return AfterType::Known(at::kFloat);
    return AfterType::Known(both);
  });
}

TypeFlow WithoutBool(const TypeFlow& types) {
  return Map(types, [](ScalarType type) {
    return type == at::kBool ? AfterType::Fails() : AfterType::Known(type);
  });
}

TypeFlow Unknown(const TypeFlow& types) {
  return Map(types, [](ScalarType) { return AfterType::Unknown(); });
}

}  // namespace flambeau
