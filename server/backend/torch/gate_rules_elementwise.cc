#include "backend/torch/gate_rules.h"

namespace flambeau {
namespace {

using torch::jit::Node;
using torch::jit::Value;

// A number, or a tensor that stands for one.
bool IsNumber(const Trace& trace) {
  return !trace.is_tensor || (!trace.batched() && trace.rank == Rank::Known(0));
}

bool TakesLists(GateWalker& walker, const Node* node) {
  for (const Value* input : node->inputs()) {
    const Trace& trace = walker.At(input);
    if (trace.shape_of || trace.elements || trace.element) return true;
  }
  return false;
}

void Elementwise(GateWalker& walker, const Node* node) {
  bool numbers = true;
  bool touches = false;  // a number made of the size of the batch
  for (const Value* input : node->inputs()) {
    const Trace& trace = walker.At(input);
    numbers = numbers && IsNumber(trace);
    touches = touches || (!trace.is_tensor && TouchesBatch(trace));
  }
  if (touches && !numbers) walker.Refuse(node, "computes with the size of the batch, size(0)");
  if (touches) return PutAll(walker, node, NumberTrace(Depends::kBatchDerived));
  PutAll(walker, node, Broadcast(walker, node, TensorInputs(walker, node)));
}

// Lists of sizes are compared and joined too.
void Compare(GateWalker& walker, const Node* node) {
  TakesLists(walker, node) ? CompareSizes(walker, node) : Elementwise(walker, node);
}

void Multiply(GateWalker& walker, const Node* node) {
  TakesLists(walker, node) ? RepeatList(walker, node) : Elementwise(walker, node);
}

void Add(GateWalker& walker, const Node* node) {
  TakesLists(walker, node) ? ConcatenateLists(walker, node) : Elementwise(walker, node);
}

// dropout(x, p, train) and its kin.
void Dropout(GateWalker& walker, const Node* node) {
  const Value* train = OperatorInput(node, "train");
  if (walker.constants().Bool(train).value_or(true)) {
    walker.Refuse(node, "is in training mode and draws random numbers");
  }
  PutAll(walker, node, walker.At(node->input(0)));
}

void RRelu(GateWalker& walker, const Node* node) {
  if (walker.constants().Bool(OperatorInput(node, "training")).value_or(true)) {
    walker.Refuse(node, "is in training mode and draws random numbers");
  }
  PutAll(walker, node, walker.At(node->input(0)));
}

// x.copy_(y): what y holds must fit where x's rows are.
void Copy(GateWalker& walker, const Node* node) {
  const Trace target = walker.At(node->input(0));
  const Trace source = walker.At(node->input(1));
  if (source.batched() && !target.batched()) {
    walker.Unproven(node, "writes a part of the batch into another tensor");
  }
  PutAll(walker, node, source.is_tensor ? Broadcast(walker, node, {target, source}) : target);
}

// item() and its kin: a number out of a tensor.
void ReadsNumber(GateWalker& walker, const Node* node) {
  const Trace& tensor = walker.At(node->input(0));
  if (tensor.batched()) {
    walker.Refuse(node, "turns values of the batch into a number that steers the model");
  }
  PutAll(walker, node, tensor.is_tensor ? NumberTrace(Depends::kFixed) : tensor);
}

void WholeTensorTest(GateWalker& walker, const Node* node) {
  if (AnyBatched(TensorInputs(walker, node))) {
    walker.Refuse(node, "compares the batch as a whole");
  }
  PutAll(walker, node, NumberTrace(Depends::kFixed));
}

// Results whose size depends on values.
void DataDependentShape(GateWalker& walker, const Node* node) {
  if (AnyBatched(TensorInputs(walker, node))) {
    walker.Refuse(node, "gives a result whose size depends on values of the batch");
  }
  PutAll(walker, node, TensorTrace(-1, Rank{}));
}

// where(condition) alone is nonzero.
void Where(GateWalker& walker, const Node* node) {
  node->inputs().size() == 1 ? DataDependentShape(walker, node) : Elementwise(walker, node);
}

// Dynamic quantization takes its scale from the smallest and the largest value of the batch.
void DynamicallyQuantized(GateWalker& walker, const Node* node) {
  if (AnyBatched(TensorInputs(walker, node))) {
    walker.Refuse(node, "takes its scale from the whole batch");
  }
  PutAll(walker, node, TensorTrace(-1, Rank{}));
}

}  // namespace

void AddElementwiseRules(GateRules& rules) {
  for (const char* name : {"aten::relu",
                           "aten::sigmoid",
                           "aten::tanh",
                           "aten::gelu",
                           "aten::silu",
                           "aten::exp",
                           "aten::log",
                           "aten::sqrt",
                           "aten::rsqrt",
                           "aten::abs",
                           "aten::neg",
                           "aten::clamp",
                           "aten::clamp_min",
                           "aten::clamp_max",
                           "aten::hardtanh",
                           "aten::leaky_relu",
                           "aten::elu",
                           "aten::selu",
                           "aten::celu",
                           "aten::softplus",
                           "aten::hardswish",
                           "aten::hardsigmoid",
                           "aten::relu6",
                           "aten::mish",
                           "aten::erf",
                           "aten::erfc",
                           "aten::erfinv",
                           "aten::sin",
                           "aten::cos",
                           "aten::tan",
                           "aten::asin",
                           "aten::acos",
                           "aten::atan",
                           "aten::sinh",
                           "aten::cosh",
                           "aten::floor",
                           "aten::ceil",
                           "aten::round",
                           "aten::trunc",
                           "aten::frac",
                           "aten::sign",
                           "aten::sgn",
                           "aten::reciprocal",
                           "aten::square",
                           "aten::pow",
                           "aten::logical_not",
                           "aten::bitwise_not",
                           "aten::isnan",
                           "aten::isinf",
                           "aten::isfinite",
                           "aten::nan_to_num",
                           "aten::to",
                           "aten::type_as",
                           "aten::contiguous",
                           "aten::clone",
                           "aten::detach",
                           "aten::alias",
                           "aten::zeros_like",
                           "aten::ones_like",
                           "aten::full_like",
                           "aten::log_sigmoid",
                           "aten::logit",
                           "aten::expm1",
                           "aten::log1p",
                           "aten::log2",
                           "aten::log10",
                           "aten::exp2",
                           "aten::threshold",
                           "aten::hardshrink",
                           "aten::softshrink",
                           "aten::tanhshrink",
                           "aten::add",
                           "aten::sub",
                           "aten::subtract",
                           "aten::mul",
                           "aten::multiply",
                           "aten::div",
                           "aten::divide",
                           "aten::true_divide",
                           "aten::maximum",
                           "aten::minimum",
                           "aten::fmax",
                           "aten::fmin",
                           "aten::lerp",
                           "aten::addcmul",
                           "aten::addcdiv",
                           "aten::eq",
                           "aten::ne",
                           "aten::lt",
                           "aten::le",
                           "aten::gt",
                           "aten::ge",
                           "aten::logical_and",
                           "aten::logical_or",
                           "aten::logical_xor",
                           "aten::masked_fill",
                           "aten::atan2",
                           "aten::fmod",
                           "aten::remainder",
                           "aten::floor_divide",
                           "aten::bitwise_and",
                           "aten::bitwise_or",
                           "aten::bitwise_xor",
                           "aten::__and__",
                           "aten::__or__",
                           "aten::__xor__",
                           "aten::rsub",
                           "aten::prelu",
                           "aten::zero",
                           "aten::fill",
                           "aten::dequantize",
                           "aten::quantize_per_tensor",
                           "aten::positive",
                           "aten::absolute",
                           "aten::real",
                           "aten::hypot",
                           "aten::xlogy",
                           "aten::signbit",
                           "aten::heaviside",
                           "aten::deg2rad",
                           "aten::lgamma",
                           "aten::digamma",
                           "aten::float_power",
                           "aten::special_expit",
                           "aten::greater",
                           "aten::less",
                           "aten::greater_equal",
                           "aten::less_equal",
                           "aten::not_equal",
                           "aten::clip",
                           "aten::cpu",
                           "aten::cuda",
                           "aten::_autocast_to_full_precision",
                           "aten::l1_loss",
                           "quantized::add",
                           "quantized::add_relu",
                           "quantized::mul",
                           "quantized::leaky_relu",
                           "quantized::hardswish",
                           "quantized::sigmoid"}) {
    rules[name] = Elementwise;
  }
  for (const char* name : {"aten::dropout", "aten::feature_dropout", "aten::alpha_dropout",
                           "aten::feature_alpha_dropout"}) {
    rules[name] = Dropout;
  }
  for (const char* name :
       {"aten::item", "aten::Int", "aten::Float", "aten::Bool", "aten::IntImplicit",
        "aten::FloatImplicit", "aten::ScalarImplicit", "aten::is_nonzero",
        "aten::_local_scalar_dense", "prim::tolist", "prim::NumToTensor"}) {
    rules[name] = ReadsNumber;
  }
  for (const char* name : {"aten::equal", "aten::allclose"}) rules[name] = WholeTensorTest;
  for (const char* name : {"aten::nonzero", "aten::masked_select", "aten::unique", "aten::_unique2",
                           "aten::unique_consecutive", "aten::argwhere", "aten::bincount",
                           "aten::unique_dim", "aten::nonzero_numpy", "aten::histc"}) {
    rules[name] = DataDependentShape;
  }
  for (const char* name :
       {"quantized::linear_dynamic", "quantized::linear_relu_dynamic", "quantized::conv1d_dynamic",
        "quantized::conv2d_dynamic", "quantized::conv3d_dynamic", "aten::quantized_lstm",
        "aten::quantized_gru", "aten::quantize_per_tensor_dynamic",
        "aten::choose_qparams_optimized", "quantized::linear_dynamic_fp16",
        "aten::quantized_lstm_cell", "aten::quantized_gru_cell",
        "quantized::quantized_lstm_cell_dynamic", "quantized::quantized_gru_cell_dynamic",
        "quantized::quantized_rnn_tanh_cell_dynamic",
        "quantized::quantized_rnn_relu_cell_dynamic"}) {
    rules[name] = DynamicallyQuantized;
  }
  rules["aten::add"] = Add;
  rules["aten::mul"] = Multiply;
  rules["aten::eq"] = Compare;
  rules["aten::ne"] = Compare;
  rules["aten::rrelu"] = RRelu;
  rules["aten::copy"] = Copy;
  rules["aten::where"] = Where;
}

}  // namespace flambeau
