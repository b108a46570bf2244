#include "backend/torch/demands.h"

#include <torch/csrc/jit/runtime/operator.h>

#include <exception>
#include <string>
#include <utility>

#include "tensor/shape.h"

namespace flambeau {
namespace {

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

struct Wanted {
  const Node* node;
  const std::string op;
  const ArgumentFlow& flow;
  GraphConstants& constants;
  Claim& claim;

  std::optional<at::Tensor> Weight(const Value* value) const {
    auto weight = constants.Tensor(value);
    if (!weight || weight->is_quantized()) return std::nullopt;
    return weight;
  }
  std::optional<at::Tensor> Matrix(const Value* value) const {
    auto weight = Weight(value);
    return weight && weight->dim() == 2 ? weight : std::nullopt;
  }
};

void DemandLinear(const Wanted& want) {
  const auto weight = want.Matrix(want.node->input(1));
  if (!weight) return;
  const std::string evidence = Evidence(want.node, *weight);
  DemandTypes(want.flow, {weight->scalar_type()}, evidence, want.claim);
  DemandLast(want.flow, weight->size(1), 2, evidence, want.claim);
}

// x times a constant matrix; `rank` 0: any.
void DemandMatrix(const Wanted& want, const Value* matrix, size_t rank) {
  const auto weight = want.Matrix(matrix);
  if (!weight) return;
  const std::string evidence = Evidence(want.node, *weight);
  DemandTypes(want.flow, {weight->scalar_type()}, evidence, want.claim);
  if (rank == 2) {
    DemandDims(want.flow, {-1, weight->size(0)}, evidence, want.claim);
  } else {
    DemandLast(want.flow, weight->size(0), 2, evidence, want.claim);
  }
}

// A request is a batch: the form without a batch dimension, which LibTorch takes too, is not
// meant.
void DemandConvolution(const Wanted& want) {
  if (want.op.find("conv") == std::string::npos) return;
  const auto weight = want.Weight(OperatorInput(want.node, "weight"));
  if (!weight || weight->dim() < 3) return;
  const size_t spatial = SpatialDims(want.op, *weight);
  if (spatial == 0 || static_cast<size_t>(weight->dim()) != spatial + 2) return;
  const std::string evidence = Evidence(want.node, *weight);
  DemandTypes(want.flow, {weight->scalar_type()}, evidence, want.claim);
  const auto groups = want.constants.Int(OperatorInput(want.node, "groups"));
  const Value* flag = OperatorInput(want.node, "transposed");
  const auto transposed = flag == nullptr
                              ? std::optional<bool>(want.op.find("transpose") != std::string::npos)
                              : want.constants.Bool(flag);
  std::vector<int64_t> dims(spatial + 2, -1);
  if (groups && transposed) dims[1] = *transposed ? weight->size(0) : weight->size(1) * *groups;
  DemandDims(want.flow, dims, evidence, want.claim);
}

// Packed weights tell their shape through an operator of their own.
std::optional<c10::IValue> AskPacked(const char* name, const c10::IValue& packed) {
  const auto operators = torch::jit::getAllOperatorsFor(c10::Symbol::fromQualString(name));
  if (operators.empty()) return std::nullopt;
  try {
    torch::jit::Stack stack = {packed};
    operators.front()->getOperation()(stack);
    if (!stack.empty()) return std::move(stack.front());
  } catch (const std::exception&) {
    return std::nullopt;
  }
  return std::nullopt;
}

void DemandQuantizedConvolution(const Wanted& want) {
  if (want.op != "quantized::conv2d" && want.op != "quantized::conv2d_relu") return;
  std::vector<int64_t> dims(4, -1);
  std::string evidence = want.op;
  if (const c10::IValue* packed = want.constants.Find(want.node->input(1))) {
    const auto weight = AskPacked("quantized::conv2d_unpack", *packed);
    const auto groups = AskPacked("quantized::conv2d_groups", *packed);
    if (weight && weight->isTensor() && groups && groups->isInt()) {
      dims[1] = weight->toTensor().size(1) * groups->toInt();
      evidence = Evidence(want.node, weight->toTensor());
    }
  }
  DemandDims(want.flow, dims, evidence, want.claim);
}

void DemandEmbedding(const Wanted& want) {
  const auto weight = want.Matrix(want.node->input(0));
  if (!weight) return;
  DemandTypes(want.flow, {at::kLong, at::kInt}, Evidence(want.node, *weight), want.claim);
  if (!want.flow.values_same) return;
  // Two tables: an index must fit the smaller.
  const int64_t rows = weight->size(0);
  want.claim.limit = want.claim.limit ? std::min(*want.claim.limit, rows) : rows;
}

void DemandNorm(const Wanted& want) {
  const auto weight = want.Weight(OperatorInput(want.node, "weight"));
  std::string evidence = want.op;
  if (weight) {
    evidence = Evidence(want.node, *weight);
    DemandTypes(want.flow, NormTypes(weight->scalar_type()), evidence, want.claim);
  }
  if (want.op == "aten::batch_norm" && weight && want.flow.rank >= 2) {
    std::vector<int64_t> dims(static_cast<size_t>(want.flow.rank), -1);
    dims[1] = weight->size(0);
    DemandDims(want.flow, dims, evidence, want.claim);
  }
  if (want.op != "aten::layer_norm") return;
  const auto shape = want.constants.Ints(OperatorInput(want.node, "normalized_shape"));
  if (shape && !shape->empty()) {
    DemandLast(want.flow, shape->back(), shape->size() + 1, evidence, want.claim);
  }
}

// The weights of a recurrent layer are a list, input-to-hidden first, hidden-to-hidden second.
std::optional<at::Tensor> RecurrentWeight(const Wanted& want, size_t index) {
  const Value* list = OperatorInput(want.node, "params");
  if (list == nullptr) return std::nullopt;
  std::optional<at::Tensor> weight;
  if (const c10::IValue* params = want.constants.Find(list)) {
    if (params->isTensorList() && params->toTensorList().size() > index) {
      weight = params->toTensorList().get(index);
    }
  } else if (list->node()->kind() == c10::prim::ListConstruct &&
             list->node()->inputs().size() > index) {
    weight = want.constants.Tensor(list->node()->input(index));
  }
  if (!weight || weight->dim() != 2 || weight->is_quantized()) return std::nullopt;
  return weight;
}

void DemandRecurrent(const Wanted& want) {
  const auto weight = RecurrentWeight(want, 0);
  if (!weight) return;
  const std::string evidence = Evidence(want.node, *weight);
  DemandTypes(want.flow, {weight->scalar_type()}, evidence, want.claim);
  if (OperatorInput(want.node, "batch_first") != nullptr) {
    DemandDims(want.flow, {-1, -1, weight->size(1)}, evidence, want.claim);
  } else {  // packed: [words, features]
    DemandLast(want.flow, weight->size(1), 3, evidence, want.claim);
  }
}

// The first state: [layers, batch, hidden]; an LSTM's is a pair.
void DemandState(const Wanted& want, size_t element) {
  const auto weight = RecurrentWeight(want, 1);
  if (!weight) return;
  const std::string evidence = Evidence(want.node, *weight);
  DemandTypes(want.flow, {weight->scalar_type()}, evidence, want.claim);
  const int64_t hidden = element == 0 ? weight->size(1) : weight->size(0) / 4;
  DemandDims(want.flow, {-1, -1, hidden}, evidence, want.claim);
}

// The fused forms of a transformer's layers: batch first, three dimensions.
void DemandFused(const Wanted& want) {
  const auto width = want.constants.Int(OperatorInput(want.node, "embed_dim"));
  const auto weight = want.Weight(OperatorInput(want.node, "qkv_weight"));
  if (!width || !weight) return;
  const std::string evidence = Evidence(want.node, *weight);
  DemandTypes(want.flow, {weight->scalar_type()}, evidence, want.claim);
  DemandDims(want.flow, {-1, -1, *width}, evidence, want.claim);
}

// b, t, c = x.shape
void DemandUnpacked(const Wanted& want, const Node* unpack) {
  const std::vector<int64_t> dims(unpack->outputs().size(), -1);
  if (!dims.empty()) DemandDims(want.flow, dims, "aten::size", want.claim);
}

void DemandSize(const Wanted& want) {
  const Value* argument = OperatorInput(want.node, "dim");
  if (argument != nullptr) {
    const auto dim = want.constants.Int(argument);
    if (dim && *dim >= 0) DemandDimension(want.flow, *dim, want.claim);
    return;
  }
  for (const torch::jit::Use& use : want.node->output()->uses()) {
    // In the same block, so that it always runs.
    const bool unpacks = use.user->kind() == c10::prim::ListUnpack;
    if (unpacks && use.user->owningBlock() == want.node->owningBlock()) {
      DemandUnpacked(want, use.user);
    }
  }
}

// Of the operator's first input.
void DemandFirst(const Wanted& want) {
  const std::string& op = want.op;
  if (op == "aten::linear") {
    DemandLinear(want);
  } else if (op == "aten::mm" || op == "aten::matmul") {
    DemandMatrix(want, want.node->input(1), op == "aten::mm" ? 2 : 0);
  } else if (op == "aten::lstm" || op == "aten::gru" || op == "aten::rnn_tanh" ||
             op == "aten::rnn_relu") {
    DemandRecurrent(want);
  } else if (op == "aten::layer_norm" || op == "aten::group_norm" || op == "aten::batch_norm") {
    DemandNorm(want);
  } else if (op == "aten::quantize_per_tensor" || op == "quantized::linear_dynamic") {
    DemandTypes(want.flow, {at::kFloat}, op, want.claim);
  } else if (op == "aten::stft") {
    DemandTypes(want.flow, {at::kFloat, at::kDouble, at::kHalf, at::kBFloat16}, op, want.claim);
  } else if (op == "aten::_native_multi_head_attention" ||
             op == "aten::_transformer_encoder_layer_fwd") {
    DemandFused(want);
  } else if (op == "aten::size") {
    DemandSize(want);
  } else {
    DemandConvolution(want);
    DemandQuantizedConvolution(want);
  }
}

}  // namespace

void Demand(const Node* node, size_t index, size_t element, const ArgumentFlow& flow,
            GraphConstants& constants, Claim& claim) {
  const Wanted want{node, node->kind().toQualString(), flow, constants, claim};
  const std::string& op = want.op;
  if (op == "aten::embedding" || op == "aten::embedding_bag") {
    if (index == 1) DemandEmbedding(want);
    if (index == 2 && op == "aten::embedding_bag") {
      DemandTypes(flow, {at::kLong, at::kInt}, op, claim);
      DemandDims(flow, {-1}, op, claim);
    }
  } else if (op == "aten::addmm") {
    if (index == 1) DemandMatrix(want, node->input(2), 2);
  } else if (op == "aten::bmm") {
    if (index < 2) DemandDims(flow, {-1, -1, -1}, op, claim);
  } else if ((op == "aten::lstm" || op == "aten::gru") && index == 1 &&
             OperatorInput(node, "batch_first") != nullptr) {
    DemandState(want, element);
  } else if (index == 0) {
    DemandFirst(want);
  }
}

}  // namespace flambeau
