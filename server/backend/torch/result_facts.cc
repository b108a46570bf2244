#include "backend/torch/result_facts.h"

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "backend/torch/convert.h"
#include "tensor/shape.h"

namespace flambeau {
namespace {

using torch::jit::Block;
using torch::jit::Node;
using torch::jit::Value;

struct Known {
  std::optional<std::vector<int64_t>> dims;  // the rank is known; -1: that dimension is not
  std::optional<int64_t> last;               // known though the rank is not
  std::optional<c10::ScalarType> type;
  std::string evidence;
};

std::string Evidence(const Node* node, const at::Tensor& weight) {
  return std::string(node->kind().toQualString()) + ", weight " +
         ToString(Shape(weight.sizes().begin(), weight.sizes().end()));
}

// Shape and datatype unchanged, for the floating-point numbers that layers give.
bool Keeps(std::string_view op) {
  static const std::unordered_set<std::string_view> names = {
      "aten::relu",     "aten::relu_",      "aten::sigmoid",     "aten::tanh",
      "aten::gelu",     "aten::silu",       "aten::leaky_relu",  "aten::elu",
      "aten::softplus", "aten::hardswish",  "aten::hardsigmoid", "aten::mish",
      "aten::dropout",  "aten::dropout_",   "aten::contiguous",  "aten::clone",
      "aten::detach",   "aten::layer_norm", "aten::group_norm",  "aten::batch_norm",
      "aten::exp",      "aten::log",        "aten::sqrt",        "aten::abs",
      "aten::neg",      "aten::sigmoid_",   "aten::tanh_",       "aten::hardtanh",
      "aten::relu6",    "aten::clamp",      "aten::selu",        "aten::log_sigmoid"};
  return names.count(op) != 0;
}

bool PoolsSpace(std::string_view op) {
  return op == "aten::max_pool2d" || op == "aten::avg_pool2d" || op == "aten::max_pool1d" ||
         op == "aten::avg_pool1d" || op == "aten::max_pool3d" || op == "aten::avg_pool3d";
}

class ResultWalker {
 public:
  explicit ResultWalker(GraphConstants& constants) : constants_(constants) {}

  void Walk(const Block* block) {
    for (const Node* node : block->nodes()) {
      if (node->kind() == c10::prim::If) {
        VisitIf(node);
      } else if (node->kind() != c10::prim::Loop && node->outputs().size() == 1) {
        if (auto known = After(node)) known_[node->output()] = *std::move(known);
      }
    }
  }

  TensorFact Fact(const Value* value) const {
    TensorFact fact;
    const Known* known = Find(value);
    if (known == nullptr) return fact;
    fact.evidence = known->evidence;
    if (known->type) fact.dtype = ToDType(*known->type);
    if (fact.dtype) fact.dtype_source = FactSource::kGraph;
    if (known->dims && !known->dims->empty()) {
      fact.dims = Shape(known->dims->begin(), known->dims->end());
      (*fact.dims)[0] = -1;
    } else if (known->last) {
      fact.dims = Shape{-1, *known->last};
      fact.any_rank = true;
    }
    if (fact.dims) fact.dims_source = FactSource::kGraph;
    return fact;
  }

 private:
  const Known* Find(const Value* value) const {
    const auto known = known_.find(value);
    return known == known_.end() ? nullptr : &known->second;
  }

  void VisitIf(const Node* node) {
    const Block* taken = constants_.TakenBlock(node);
    if (taken == nullptr && AlwaysRaises(node->blocks()[0])) taken = node->blocks()[1];
    if (taken == nullptr && AlwaysRaises(node->blocks()[1])) taken = node->blocks()[0];
    for (const Block* block : node->blocks()) {
      if (taken == nullptr || block == taken) Walk(block);
    }
    for (size_t i = 0; i < node->outputs().size(); ++i) {
      const Block* first = taken != nullptr ? taken : node->blocks()[0];
      const Block* second = taken != nullptr ? taken : node->blocks()[1];
      const Known* a = Find(first->outputs()[i]);
      const Known* b = Find(second->outputs()[i]);
      if (a == nullptr || b == nullptr || a->dims != b->dims || a->last != b->last ||
          a->type != b->type) {
        continue;
      }
      const Known copy = *a;
      known_[node->outputs()[i]] = copy;
    }
  }

  std::optional<Known> After(const Node* node) {
    const std::string op = node->kind().toQualString();
    if (op == "aten::linear") return AfterLinear(node);
    if (op == "aten::addmm") return AfterAddmm(node);
    if (op.rfind("aten::conv", 0) == 0 || op == "aten::_convolution") return AfterConvolution(node);
    if (node->inputs().empty()) return std::nullopt;
    const Known* in = Find(node->input(0));
    if (op == "aten::embedding") return AfterEmbedding(node);
    if (op == "aten::view" || op == "aten::reshape") return AfterView(node, in);
    if (op == "aten::flatten") return AfterFlatten(node, in);
    if (in == nullptr) return std::nullopt;
    if (Keeps(op)) return *in;
    if (op == "aten::softmax" || op == "aten::log_softmax") {
      return constants_.IsNone(OperatorInput(node, "dtype")) ? std::optional<Known>(*in)
                                                             : std::nullopt;
    }
    if (PoolsSpace(op) || op.rfind("aten::adaptive_avg_pool", 0) == 0) return AfterPool(*in);
    if (op == "aten::mean") return AfterMean(node, *in);
    if (op == "aten::add" || op == "aten::add_") return AfterAdd(node, *in);
    return std::nullopt;
  }

  std::optional<Known> AfterLinear(const Node* node) {
    const auto weight = constants_.Tensor(node->input(1));
    if (!weight || weight->dim() != 2 || weight->is_quantized()) return std::nullopt;
    Known out{std::nullopt, weight->size(0), weight->scalar_type(), Evidence(node, *weight)};
    if (const Known* in = Find(node->input(0)); in != nullptr && in->dims && !in->dims->empty()) {
      out.dims = in->dims;
      out.dims->back() = weight->size(0);
    }
    return out;
  }

  std::optional<Known> AfterAddmm(const Node* node) {
    const auto weight = constants_.Tensor(node->input(2));
    if (!weight || weight->dim() != 2) return std::nullopt;
    return Known{std::vector<int64_t>{-1, weight->size(1)}, weight->size(1), weight->scalar_type(),
                 Evidence(node, *weight)};
  }

  std::optional<Known> AfterConvolution(const Node* node) {
    const auto weight = constants_.Tensor(OperatorInput(node, "weight"));
    if (!weight || weight->dim() < 3 || weight->is_quantized()) return std::nullopt;
    std::vector<int64_t> dims(static_cast<size_t>(weight->dim()), -1);
    const Value* flag = OperatorInput(node, "transposed");
    const bool by_name =
        std::string_view(node->kind().toUnqualString()).find("transpose") != std::string_view::npos;
    const auto transposed = flag == nullptr ? std::optional<bool>(by_name) : constants_.Bool(flag);
    if (transposed && !*transposed) dims[1] = weight->size(0);
    return Known{std::move(dims), std::nullopt, weight->scalar_type(), Evidence(node, *weight)};
  }

  std::optional<Known> AfterEmbedding(const Node* node) {
    const auto weight = constants_.Tensor(node->input(0));
    if (!weight || weight->dim() != 2) return std::nullopt;
    return Known{std::nullopt, weight->size(1), weight->scalar_type(), Evidence(node, *weight)};
  }

  std::optional<Known> AfterView(const Node* node, const Known* in) {
    const Value* sizes = OperatorInput(node, node->kind() == c10::aten::view ? "size" : "shape");
    if (sizes == nullptr || sizes->node()->kind() != c10::prim::ListConstruct) return std::nullopt;
    Known out;
    out.dims.emplace();
    for (const Value* size : sizes->node()->inputs()) {
      out.dims->push_back(std::max<int64_t>(constants_.Int(size).value_or(-1), -1));
    }
    if (in != nullptr) out.type = in->type;
    out.evidence = node->kind().toQualString();
    return out;
  }

  std::optional<Known> AfterFlatten(const Node* node, const Known* in) {
    const auto start = constants_.Int(OperatorInput(node, "start_dim"));
    const auto end = constants_.Int(OperatorInput(node, "end_dim"));
    if (!start || !end || *start < 1 || *end != -1) return std::nullopt;
    Known out;
    out.dims = std::vector<int64_t>(static_cast<size_t>(*start) + 1, -1);
    if (in != nullptr) out.type = in->type;
    out.evidence = "aten::flatten";
    return out;
  }

  static std::optional<Known> AfterPool(const Known& in) {
    if (!in.dims) return std::nullopt;
    Known out = in;
    for (size_t i = 2; i < out.dims->size(); ++i) (*out.dims)[i] = -1;
    out.last.reset();
    return out;
  }

  std::optional<Known> AfterMean(const Node* node, const Known& in) {
    const auto dims = constants_.Ints(OperatorInput(node, "dim"));
    const auto keeps = constants_.Bool(OperatorInput(node, "keepdim"));
    if (!in.dims || !dims || dims->empty() || !keeps || *keeps ||
        !constants_.IsNone(OperatorInput(node, "dtype"))) {
      return std::nullopt;
    }
    std::vector<bool> gone(in.dims->size(), false);
    for (int64_t dim : *dims) {
      if (dim < 0) dim += static_cast<int64_t>(gone.size());
      if (dim < 0 || dim >= static_cast<int64_t>(gone.size())) return std::nullopt;
      gone[static_cast<size_t>(dim)] = true;
    }
    Known out{std::vector<int64_t>(), std::nullopt, in.type, in.evidence};
    for (size_t i = 0; i < gone.size(); ++i) {
      if (!gone[i]) out.dims->push_back((*in.dims)[i]);
    }
    return out;
  }

  // Of two results of one shape, as in a residual block.
  std::optional<Known> AfterAdd(const Node* node, const Known& in) {
    const Known* other = Find(node->input(1));
    if (other == nullptr || !in.dims || in.dims != other->dims || in.type != other->type) {
      return std::nullopt;
    }
    return in;
  }

  GraphConstants& constants_;
  std::unordered_map<const Value*, Known> known_;
};

// Of a bool, int, float or str.
std::optional<DType> PlainType(const c10::Type& type) {
  switch (type.kind()) {
    case c10::TypeKind::BoolType:
      return DType::kBool;
    case c10::TypeKind::IntType:
      return DType::kInt64;
    case c10::TypeKind::FloatType:
      return DType::kFp64;
    case c10::TypeKind::StringType:
      return DType::kBytes;
    default:
      return std::nullopt;
  }
}

TensorFact PlainFact(DType dtype, int64_t elements) {
  TensorFact fact;
  fact.dtype = dtype;
  fact.dims = Shape{elements};
  fact.dtype_source = fact.dims_source = FactSource::kGraph;
  return fact;
}

// A result in parts, named as Flatten names them.
class ResultParts {
 public:
  ResultParts(const ResultWalker& walker, std::vector<ResultFact>& parts)
      : walker_(walker), parts_(parts) {}

  // False where the type does not tell the parts: a list, a dict and an Optional have what they
  // happen to hold. `value` is null where the graph does not show what is in it.
  bool Add(const c10::Type& type, const Value* value, const std::string& path) {
    if (type.kind() == c10::TypeKind::TensorType) {
      AddPart(path, value == nullptr ? TensorFact{} : walker_.Fact(value));
      return true;
    }
    if (const auto dtype = PlainType(type)) {
      AddPart(path, PlainFact(*dtype, 1));
      return true;
    }
    if (const auto* tuple = type.castRaw<c10::TupleType>()) return AddTuple(*tuple, value, path);
    const auto* list = type.castRaw<c10::ListType>();
    if (list == nullptr || list->getElementType()->kind() != c10::TypeKind::StringType)
      return false;
    AddPart(path, PlainFact(DType::kBytes, -1));
    return true;
  }

 private:
  bool AddTuple(const c10::TupleType& tuple, const Value* value, const std::string& path) {
    const bool in_sight = value != nullptr && value->node()->kind() == c10::prim::TupleConstruct;
    for (size_t i = 0; i < tuple.elements().size(); ++i) {
      const std::string step = tuple.schema() ? "." + tuple.schema()->arguments()[i].name()
                                              : "[" + std::to_string(i) + "]";
      const Value* element = in_sight ? value->node()->input(i) : nullptr;
      if (!Add(*tuple.elements()[i], element, path + step)) return false;
    }
    return true;
  }
  void AddPart(const std::string& path, TensorFact fact) {
    parts_.push_back({path.empty() ? "output" : "result" + path, std::move(fact)});
  }

  const ResultWalker& walker_;
  std::vector<ResultFact>& parts_;
};

}  // namespace

void InferResults(const torch::jit::Graph& graph, GraphConstants& constants, MethodFacts& facts) {
  if (graph.outputs().size() != 1) return;
  const torch::jit::Value* result = graph.outputs()[0];
  ResultWalker walker(constants);
  walker.Walk(graph.block());
  std::vector<ResultFact> parts;
  if (ResultParts(walker, parts).Add(*result->type(), result, "")) facts.results = std::move(parts);
}

}  // namespace flambeau
