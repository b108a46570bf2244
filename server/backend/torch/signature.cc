#include "backend/torch/signature.h"

#include <string>
#include <unordered_map>
#include <utility>

#include "backend/torch/argument_flow.h"
#include "backend/torch/claims.h"
#include "tensor/shape.h"

namespace flambeau {
namespace {

using torch::jit::Block;
using torch::jit::Node;
using torch::jit::Value;

std::string Evidence(const Node* node, const at::Tensor& weight) {
  return std::string(node->kind().toQualString()) + ", weight " +
         ToString(Shape(weight.sizes().begin(), weight.sizes().end()));
}

// Norms take half precision beside single-precision weights.
std::vector<c10::ScalarType> NormTypes(c10::ScalarType weight) {
  if (weight == at::kFloat) return {at::kFloat, at::kHalf, at::kBFloat16};
  return {weight};
}

// The spatial dimensions of a convolution; 0 if `op` is none.
size_t SpatialDims(const std::string& op, const at::Tensor& weight) {
  if (op == "aten::conv1d" || op == "aten::conv_transpose1d") return 1;
  if (op == "aten::conv2d" || op == "aten::conv_transpose2d") return 2;
  if (op == "aten::conv3d" || op == "aten::conv_transpose3d") return 3;
  if (op == "aten::_convolution" || op == "aten::convolution") {
    return static_cast<size_t>(weight.dim() - 2);
  }
  return 0;
}

class SignatureWalker {
 public:
  SignatureWalker(const torch::jit::Graph& graph, GraphConstants& constants)
      : constants_(constants), claims_(graph.inputs().size() - 1) {
    for (size_t i = 1; i < graph.inputs().size(); ++i) {
      ArgumentFlow flow;
      flow.argument = i - 1;
      flows_.emplace(graph.inputs()[i], std::move(flow));
    }
    Walk(graph.block());
  }

  const Claims& claims() const { return claims_; }

 private:
  void Walk(const Block* block) {
    for (const Node* node : block->nodes()) {
      if (node->kind() == c10::prim::If) {
        VisitIf(node);
      } else if (node->kind() != c10::prim::Loop) {  // a body may never run
        Visit(node);
      }
    }
  }

  void VisitIf(const Node* node) {
    const Block* taken = constants_.TakenBlock(node);
    const Block* then_block = node->blocks()[0];
    const Block* else_block = node->blocks()[1];
    if (taken == nullptr && AlwaysRaises(then_block)) taken = else_block;
    if (taken == nullptr && AlwaysRaises(else_block)) taken = then_block;
    if (taken != nullptr) {
      Walk(taken);
      for (size_t i = 0; i < node->outputs().size(); ++i) {
        if (const ArgumentFlow* flow = Find(taken->outputs()[i])) Put(node->outputs()[i], *flow);
      }
      return;
    }
    const Claims before = claims_;
    Walk(then_block);
    const Claims after_then = std::exchange(claims_, before);
    Walk(else_block);
    claims_ = EitherClaims(after_then, claims_);
    for (size_t i = 0; i < node->outputs().size(); ++i) {
      const ArgumentFlow* a = Find(then_block->outputs()[i]);
      const ArgumentFlow* b = Find(else_block->outputs()[i]);
      if (a == nullptr || b == nullptr) continue;
      if (auto both = Join(*a, *b)) Put(node->outputs()[i], *std::move(both));
    }
  }

  void Visit(const Node* node) {
    for (size_t i = 0; i < node->inputs().size(); ++i) {
      const ArgumentFlow* flow = Find(node->input(i));
      if (flow == nullptr) continue;
      const ArgumentFlow here = *flow;
      Demand(node, i, here, claims_[here.argument]);
      if (node->outputs().size() != 1) continue;
      if (auto after = After(node, i, here, constants_)) Put(node->output(), *std::move(after));
    }
  }

  void Demand(const Node* node, size_t index, const ArgumentFlow& flow, Claim& claim) {
    const std::string op = node->kind().toQualString();
    if (op == "aten::embedding" || op == "aten::embedding_bag") {
      if (index == 1) DemandEmbedding(node, flow, claim);
    } else if (op == "aten::addmm") {
      if (index == 1) DemandMatrix(node, node->input(2), 2, flow, claim);
    } else if (index != 0) {
      return;
    } else if (op == "aten::linear") {
      DemandLinear(node, flow, claim);
    } else if (op == "aten::mm") {
      DemandMatrix(node, node->input(1), 2, flow, claim);
    } else if (op == "aten::matmul") {
      DemandMatrix(node, node->input(1), 0, flow, claim);
    } else if (op == "aten::lstm" || op == "aten::gru" || op == "aten::rnn_tanh" ||
               op == "aten::rnn_relu") {
      DemandRecurrent(node, flow, claim);
    } else if (op == "aten::layer_norm" || op == "aten::group_norm" || op == "aten::batch_norm") {
      DemandNorm(node, op, flow, claim);
    } else if (op == "aten::quantize_per_tensor" || op == "quantized::linear_dynamic") {
      DemandTypes(flow, {at::kFloat}, op, claim);
    } else {
      DemandConvolution(node, op, flow, claim);
    }
  }

  void DemandLinear(const Node* node, const ArgumentFlow& flow, Claim& claim) {
    const auto weight = constants_.Tensor(node->input(1));
    if (!weight || weight->dim() != 2 || weight->is_quantized()) return;
    const std::string evidence = Evidence(node, *weight);
    DemandTypes(flow, {weight->scalar_type()}, evidence, claim);
    DemandLast(flow, weight->size(1), 2, evidence, claim);
  }

  // x times a constant matrix; `rank` 0: any.
  void DemandMatrix(const Node* node, const Value* matrix, size_t rank, const ArgumentFlow& flow,
                    Claim& claim) {
    const auto weight = constants_.Tensor(matrix);
    if (!weight || weight->dim() != 2) return;
    const std::string evidence = Evidence(node, *weight);
    DemandTypes(flow, {weight->scalar_type()}, evidence, claim);
    if (rank == 2) {
      DemandDims(flow, {-1, weight->size(0)}, evidence, claim);
    } else {
      DemandLast(flow, weight->size(0), 2, evidence, claim);
    }
  }

  // A request is a batch: the form without a batch dimension, which LibTorch takes too, is not
  // meant.
  void DemandConvolution(const Node* node, const std::string& op, const ArgumentFlow& flow,
                         Claim& claim) {
    if (op.find("conv") == std::string::npos) return;
    const auto weight = constants_.Tensor(OperatorInput(node, "weight"));
    if (!weight || weight->dim() < 3 || weight->is_quantized()) return;
    const size_t spatial = SpatialDims(op, *weight);
    if (spatial == 0 || static_cast<size_t>(weight->dim()) != spatial + 2) return;
    const std::string evidence = Evidence(node, *weight);
    DemandTypes(flow, {weight->scalar_type()}, evidence, claim);
    const auto groups = constants_.Int(OperatorInput(node, "groups"));
    const Value* flag = OperatorInput(node, "transposed");
    const auto transposed = flag == nullptr
                                ? std::optional<bool>(op.find("transpose") != std::string::npos)
                                : constants_.Bool(flag);
    std::vector<int64_t> dims(spatial + 2, -1);
    if (groups && transposed) dims[1] = *transposed ? weight->size(0) : weight->size(1) * *groups;
    DemandDims(flow, dims, evidence, claim);
  }

  void DemandEmbedding(const Node* node, const ArgumentFlow& flow, Claim& claim) {
    const auto weight = constants_.Tensor(node->input(0));
    if (!weight || weight->dim() != 2) return;
    DemandTypes(flow, {at::kLong, at::kInt}, Evidence(node, *weight), claim);
    if (!flow.values_same) return;
    // Two tables: an index must fit the smaller.
    claim.limit = claim.limit ? std::min(*claim.limit, weight->size(0)) : weight->size(0);
  }

  void DemandNorm(const Node* node, const std::string& op, const ArgumentFlow& flow, Claim& claim) {
    const auto weight = constants_.Tensor(OperatorInput(node, "weight"));
    std::string evidence = op;
    if (weight) {
      evidence = Evidence(node, *weight);
      DemandTypes(flow, NormTypes(weight->scalar_type()), evidence, claim);
    }
    if (op != "aten::layer_norm") return;
    const auto shape = constants_.Ints(OperatorInput(node, "normalized_shape"));
    if (shape && !shape->empty()) {
      DemandLast(flow, shape->back(), shape->size() + 1, evidence, claim);
    }
  }

  // input, hx, params, ... : the weights are a list, input-to-hidden first.
  void DemandRecurrent(const Node* node, const ArgumentFlow& flow, Claim& claim) {
    const Value* list = OperatorInput(node, "params");
    if (list == nullptr || OperatorInput(node, "batch_first") == nullptr) return;
    std::optional<at::Tensor> weight;
    if (const c10::IValue* params = constants_.Find(list)) {
      if (params->isTensorList() && !params->toTensorList().empty()) {
        weight = params->toTensorList().get(0);
      }
    } else if (list->node()->kind() == c10::prim::ListConstruct) {
      weight = constants_.Tensor(list->node()->input(0));
    }
    if (!weight || weight->dim() != 2 || weight->is_quantized()) return;
    const std::string evidence = Evidence(node, *weight);
    DemandTypes(flow, {weight->scalar_type()}, evidence, claim);
    DemandLast(flow, weight->size(1), 3, evidence, claim);
  }

  const ArgumentFlow* Find(const Value* value) const {
    const auto flow = flows_.find(value);
    return flow == flows_.end() ? nullptr : &flow->second;
  }
  void Put(const Value* value, ArgumentFlow flow) {
    flows_.insert_or_assign(value, std::move(flow));
  }

  GraphConstants& constants_;
  std::unordered_map<const Value*, ArgumentFlow> flows_;
  Claims claims_;
};

}  // namespace

void InferArguments(const torch::jit::Graph& graph, GraphConstants& constants, MethodFacts& facts) {
  const SignatureWalker walker(graph, constants);
  for (size_t i = 0; i < facts.arguments.size() && i < walker.claims().size(); ++i) {
    if (facts.arguments[i].kind == ValueKind::kTensor) {
      facts.arguments[i].tensor = ToFact(walker.claims()[i]);
    }
  }
}

}  // namespace flambeau
