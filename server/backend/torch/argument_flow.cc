#include "backend/torch/argument_flow.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "backend/torch/moved_dims.h"

namespace flambeau {
namespace {

using Kind = ArgumentFlow::Step::Kind;
using torch::jit::Node;
using torch::jit::Value;

bool Normalise(int64_t& dim, size_t rank) {
  const auto size = static_cast<int64_t>(rank);
  if (dim < 0) dim += size;
  return dim >= 0 && dim < size;
}

bool UndoPermute(const std::vector<int64_t>& order, std::vector<int64_t>& dims) {
  if (order.size() != dims.size()) return false;
  std::vector<int64_t> before(dims.size(), -1);
  for (size_t i = 0; i < order.size(); ++i) {
    int64_t from = order[i];
    if (!Normalise(from, dims.size())) return false;
    before[static_cast<size_t>(from)] = dims[i];
  }
  dims = std::move(before);
  return true;
}

// A constant of the same rank leaves the rank alone if it has one row: the argument is a batch.
// Where the constant is not 1, the argument may be.
bool UndoBroadcast(const std::vector<int64_t>& constant, std::vector<int64_t>& dims) {
  if (constant.size() > dims.size()) return false;
  if (constant.size() == dims.size() && constant[0] != 1) return false;
  const size_t shift = dims.size() - constant.size();
  for (size_t i = 0; i < constant.size(); ++i) {
    if (constant[i] != 1) dims[shift + i] = -1;
  }
  return true;
}

bool UndoResize(int64_t last, std::vector<int64_t>& dims) {
  if (last > static_cast<int64_t>(dims.size())) return false;
  std::fill(dims.end() - last, dims.end(), -1);
  return true;
}

bool UndoEmbed(std::vector<int64_t>& dims) {
  if (dims.empty()) return false;
  dims.pop_back();
  return true;
}

bool Undo(const ArgumentFlow::Step& step, std::vector<int64_t>& dims) {
  if (step.kind == Kind::kResizeLast) return UndoResize(step.dims[0], dims);
  if (step.kind == Kind::kEmbed) return UndoEmbed(dims);
  if (step.kind == Kind::kPermute) return UndoPermute(step.dims, dims);
  if (step.kind == Kind::kBroadcast) return UndoBroadcast(step.dims, dims);
  int64_t dim = step.dims[0];
  if (!Normalise(dim, dims.size() + (step.kind == Kind::kSelect ? 1 : 0))) return false;
  switch (step.kind) {
    case Kind::kUnsqueeze:
      dims.erase(dims.begin() + dim);
      return true;
    case Kind::kSelect:
      dims.insert(dims.begin() + dim, -1);
      return true;
    case Kind::kSlice:
      dims[static_cast<size_t>(dim)] = -1;
      return true;
    case Kind::kTranspose: {
      int64_t other = step.dims[1];
      if (!Normalise(other, dims.size())) return false;
      std::swap(dims[static_cast<size_t>(dim)], dims[static_cast<size_t>(other)]);
      return true;
    }
    default:
      return false;
  }
}

bool IsOneOf(std::string_view op, const std::unordered_set<std::string_view>& names) {
  return names.count(op) != 0;
}

const std::unordered_set<std::string_view>& SameShape() {
  static const std::unordered_set<std::string_view> names = {"aten::contiguous",
                                                             "aten::clone",
                                                             "aten::detach",
                                                             "aten::dropout",
                                                             "aten::dropout_",
                                                             "aten::relu",
                                                             "aten::relu_",
                                                             "aten::sigmoid",
                                                             "aten::tanh",
                                                             "aten::exp",
                                                             "aten::log",
                                                             "aten::sqrt",
                                                             "aten::sin",
                                                             "aten::cos",
                                                             "aten::erf",
                                                             "aten::log1p",
                                                             "aten::expm1",
                                                             "aten::rsqrt",
                                                             "aten::gelu",
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
                                                             "aten::layer_norm",
                                                             "aten::group_norm",
                                                             "aten::batch_norm",
                                                             "aten::instance_norm",
                                                             "aten::abs",
                                                             "aten::neg",
                                                             "aten::feature_dropout",
                                                             "aten::alias",
                                                             "aten::log_sigmoid",
                                                             "aten::alpha_dropout"};
  return names;
}

// Values, not only their datatype, unchanged.
const std::unordered_set<std::string_view>& SameValues() {
  static const std::unordered_set<std::string_view> names = {
      "aten::contiguous", "aten::clone",     "aten::detach",  "aten::dropout",
      "aten::to",         "aten::unsqueeze", "aten::squeeze", "aten::transpose",
      "aten::permute",    "aten::view",      "aten::reshape", "aten::flatten",
      "aten::slice",      "aten::select",    "aten::t",       "aten::alias"};
  return names;
}

bool Arithmetic(std::string_view op) {
  return IsOneOf(op, {"aten::add", "aten::sub", "aten::mul", "aten::div", "aten::rsub"});
}

// x op something else: a number or a constant tensor.
std::optional<ArgumentFlow> AfterArithmetic(const Node* node, std::string_view op, size_t index,
                                            ArgumentFlow flow, GraphConstants& constants) {
  if (index > 1 || node->inputs().size() < 2) return std::nullopt;
  if (OperatorInput(node, "rounding_mode") != nullptr) flow.types = Unknown(flow.types);
  const Value* other = node->input(1 - index);
  const bool divides = op == "aten::div";
  flow.values_same = false;
  if (op == "aten::sub" || op == "aten::rsub") flow.types = WithoutBool(flow.types);
  const auto kind = other->type()->kind();
  if (kind == c10::TypeKind::FloatType || kind == c10::TypeKind::IntType) {
    flow.types = WithScalar(flow.types, kind == c10::TypeKind::FloatType, divides);
    return flow;
  }
  const auto tensor = constants.Tensor(other);
  if (!tensor) return std::nullopt;
  if (tensor->dim() == 0) {
    flow.types = WithScalar(flow.types, c10::isFloatingType(tensor->scalar_type()), divides);
    return flow;
  }
  flow.types = WithTensor(flow.types, tensor->scalar_type(), divides);
  if (flow.rank != ArgumentFlow::kUnknown) {
    flow.rank = std::max(flow.rank, static_cast<int>(tensor->dim()));
  }
  flow.steps.push_back({Kind::kBroadcast, tensor->sizes().vec()});
  flow.last_same = flow.last_same && tensor->size(-1) == 1;
  return flow;
}

// embedding(weight, indices): a dimension more, and the table's datatype.
std::optional<ArgumentFlow> AfterEmbedding(const Node* node, ArgumentFlow flow,
                                           GraphConstants& constants) {
  const auto weight = constants.Tensor(node->input(0));
  if (!weight) return std::nullopt;
  flow.types = Cast(flow.types, weight->scalar_type());
  flow.steps.push_back({Kind::kEmbed, {}});
  flow.grown += 1;
  if (flow.rank != ArgumentFlow::kUnknown) flow.rank += 1;
  flow.last_same = false;
  flow.values_same = false;
  return flow;
}

// bmm(a, b): a's last dimension and b's last but one go.
std::optional<ArgumentFlow> AfterProducts(size_t index, ArgumentFlow flow) {
  flow.values_same = false;
  flow.last_same = flow.last_same && index == 1;
  flow.steps.push_back({Kind::kSlice, {index == 0 ? 2 : 1}});
  return flow;
}

std::optional<c10::ScalarType> CastTarget(const Node* node, GraphConstants& constants) {
  const Value* dtype = OperatorInput(node, "dtype");
  if (dtype != nullptr) {
    if (const auto type = constants.Int(dtype)) return static_cast<c10::ScalarType>(*type);
    return std::nullopt;
  }
  if (const auto other = constants.Tensor(OperatorInput(node, "other")))
    return other->scalar_type();
  return std::nullopt;
}

std::optional<ArgumentFlow> AfterCast(const Node* node, size_t index, ArgumentFlow flow,
                                      GraphConstants& constants) {
  if (index != 0) return std::nullopt;
  if (const auto target = CastTarget(node, constants)) {
    flow.types = Cast(flow.types, *target);
    return flow;
  }
  const Value* dtype = OperatorInput(node, "dtype");
  const bool moves_only =
      OperatorInput(node, "other") == nullptr && (dtype == nullptr || constants.IsNone(dtype));
  if (!moves_only) flow.types = Unknown(flow.types);
  return flow;
}

}  // namespace

ArgumentFlow Joined(const ArgumentFlow& flow) {
  ArgumentFlow joined = flow;
  joined.types = Unknown(flow.types);
  joined.values_same = false;
  joined.LoseShape();
  return joined;
}

void ArgumentFlow::LoseShape() {
  shape_known = false;
  last_same = false;
  rank = kUnknown;
  steps.clear();
}

std::optional<std::vector<int64_t>> ArgumentFlow::ArgumentDims(std::vector<int64_t> dims) const {
  if (!shape_known) return std::nullopt;
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    if (!Undo(*step, dims)) return std::nullopt;
  }
  if (dims.empty()) return std::nullopt;
  dims[0] = -1;
  return dims;
}

std::optional<ArgumentFlow> Join(const ArgumentFlow& a, const ArgumentFlow& b) {
  if (a.argument != b.argument) return std::nullopt;
  ArgumentFlow both = a;
  for (size_t i = 0; i < kCandidates; ++i) {
    if (!(a.types[i] == b.types[i])) both.types[i] = AfterType::Unknown();
  }
  if (!a.shape_known || !b.shape_known || a.steps != b.steps) {
    both.shape_known = false;
    both.steps.clear();
  }
  if (a.rank != b.rank) both.rank = ArgumentFlow::kUnknown;
  both.min_rank = std::min(a.min_rank, b.min_rank);
  both.last_same = a.last_same && b.last_same;
  both.values_same = a.values_same && b.values_same;
  return both;
}

std::optional<ArgumentFlow> After(const Node* node, size_t index, const ArgumentFlow& flow,
                                  GraphConstants& constants) {
  const std::string op = node->kind().toQualString();
  if (node->kind() == c10::prim::unchecked_cast ||
      node->kind() == c10::prim::unchecked_unwrap_optional) {
    return flow;
  }
  if (Arithmetic(op)) return AfterArithmetic(node, op, index, flow, constants);
  if (op == "aten::embedding" && index == 1) return AfterEmbedding(node, flow, constants);
  if (op == "aten::bmm" && index < 2) return AfterProducts(index, flow);
  if (index != 0) return std::nullopt;
  ArgumentFlow after = flow;
  after.values_same = flow.values_same && IsOneOf(op, SameValues());
  if (op == "aten::_pack_padded_sequence") {  // the words of all rows, one after the other
    after.LoseShape();
    after.last_same = flow.last_same;
    return after;
  }
  if (op == "aten::to" || op == "aten::type_as") return AfterCast(node, index, after, constants);
  if ((op == "aten::softmax" || op == "aten::log_softmax" || op == "aten::mean") &&
      !constants.IsNone(OperatorInput(node, "dtype"))) {
    after.types = Unknown(after.types);
  } else if (op == "aten::quantize_per_tensor") {
    after.types = Unknown(after.types);
    return after;
  } else if (const auto rule = UnaryTypesOf(op)) {
    after.types = Apply(*rule, flow.types);
  } else {
    return std::nullopt;
  }
  if (!IsOneOf(op, SameShape())) MoveDims(node, op, after, constants);
  return after;
}

}  // namespace flambeau
