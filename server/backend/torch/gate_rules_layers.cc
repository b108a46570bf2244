#include <algorithm>

#include "backend/torch/gate_rules.h"

namespace flambeau {
namespace {

using torch::jit::Node;
using torch::jit::Value;

int SpatialDims(const std::string& name) {
  if (name.find("1d") != std::string::npos) return 1;
  if (name.find("2d") != std::string::npos) return 2;
  if (name.find("3d") != std::string::npos) return 3;
  return 0;
}

std::string NameOf(const Node* node) { return node->kind().toQualString(); }

// Only the last dimension is used.
void Linear(GateWalker& walker, const Node* node) {
  RequireFixed(walker, node, 1);
  const Trace tensor = walker.At(node->input(0));
  if (tensor.batched()) walker.AssumeRank(node, tensor, tensor.batch + 2);
  Trace out = tensor;
  out.dims.reset();
  PutAll(walker, node, out);
}

// addmm(bias, x, weight).
void Addmm(GateWalker& walker, const Node* node) {
  const Trace tensor = walker.At(node->input(1));
  if (TouchesBatch(walker.At(node->input(2)))) {
    walker.Refuse(node, "multiplies by a matrix made of the batch, which mixes its rows");
  }
  if (TouchesBatch(walker.At(node->input(0)))) {
    walker.Unproven(node, "adds a bias that depends on the batch");
  }
  if (tensor.batched() && tensor.batch != 0) {
    walker.Refuse(node, "mixes the rows of a batch: it sums over them");
  }
  PutAll(walker, node, TensorTrace(tensor.batch, Rank::Known(2)));
}

Rank LargerRank(const Rank& a, const Rank& b) {
  if (a.base == b.base && a.base != Rank::kAnything) return a.offset >= b.offset ? a : b;
  return Rank{};
}

// matmul, mm, bmm: sums over a's last and b's last but one dimension.
void Matmul(GateWalker& walker, const Node* node) {
  const Trace a = walker.At(node->input(0));
  const Trace b = walker.At(node->input(1));
  if (a.batched() && !b.batched()) {
    walker.AssumeRank(node, a, a.batch + 2);
    Trace out = a;
    if (b.rank.known() && b.rank.offset == 1) {
      out.rank = a.rank.Plus(-1);
    } else if (!b.rank.known() || b.rank.offset != 2) {
      if (!b.rank.known()) walker.Unproven(node, "multiplies by a tensor of unknown dimensions");
      // [..., B, k] times [n, k, m]: the leading dimensions of both are broadcast.
      if (!a.rank.known() || a.rank.offset < b.rank.offset ||
          a.batch >= a.rank.offset - b.rank.offset) {
        walker.Unproven(node, "multiplies by a tensor with more than two dimensions");
      }
    }
    return PutAll(walker, node, out);
  }
  if (!a.batched() && b.batched()) {
    // The last but one dimension of b goes; it must not be the batch, nor what is broadcast.
    walker.AssumeRank(node, b, b.batch + 3);
    if (!a.rank.known() || a.rank.offset > 2) {
      walker.Unproven(node, "multiplies by a tensor with more than two dimensions");
    }
    return PutAll(walker, node, b);
  }
  if (!a.batched()) return PutAll(walker, node, TensorTrace(-1, LargerRank(a.rank, b.rank)));
  // Both vary: the batch must be among the leading dimensions of both.
  if (a.rank.known() && b.rank.known()) {
    if (a.rank.offset < a.batch + 3 || b.rank.offset < b.batch + 3 ||
        a.rank.offset - a.batch != b.rank.offset - b.batch) {
      walker.Refuse(node, "multiplies rows of the batch by each other");
    }
  } else {
    walker.AssumeRank(node, a, a.batch + 3);
    walker.AssumeRank(node, b, b.batch + 3);
    if (a.batch != b.batch) walker.Refuse(node, "multiplies rows of the batch by each other");
  }
  Trace out = a;
  out.rank = LargerRank(a.rank, b.rank);
  if (node->kind() == c10::aten::bmm) out.rank = Rank::Known(3);
  if (!out.rank.known() && a.rank == b.rank) out.rank = a.rank;
  PutAll(walker, node, out);
}

// baddbmm(input, a, b) and the like would need the bias too; the scale form is all that is met.
void Baddbmm(GateWalker& walker, const Node* node) {
  const Trace a = walker.At(node->input(1));
  const Trace b = walker.At(node->input(2));
  if (a.batch != 0 || b.batch != 0) walker.Unproven(node, "takes the batch in an unusual place");
  const Trace out = TensorTrace(0, Rank::Known(3));
  const Trace bias = walker.At(node->input(0));
  PutAll(walker, node, Broadcast(walker, node, {out, bias}));
}

void Convolution(GateWalker& walker, const Node* node) {
  RequireFixed(walker, node, 1);
  const Trace tensor = walker.At(node->input(0));
  int spatial = SpatialDims(NameOf(node));
  if (spatial == 0) {
    const auto weight = walker.constants().Tensor(node->input(1));
    if (!weight) walker.Unproven(node, "has weights that are not constant");
    spatial = static_cast<int>(weight->dim()) - 2;
  }
  if (!tensor.batched()) return PutAll(walker, node, TensorTrace(-1, tensor.rank));
  RequireBatchFirst(walker, node, tensor);
  walker.AssumeRank(node, tensor, spatial + 2);
  PutAll(walker, node, TensorTrace(0, Rank::Known(spatial + 2)));
}

// batch_norm(x, weight, bias, mean, var, training): in eval mode an affine map of each channel.
void BatchNorm(GateWalker& walker, const Node* node) {
  RequireFixed(walker, node, 1);
  const Trace tensor = walker.At(node->input(0));
  if (walker.constants().Bool(OperatorInput(node, "training")).value_or(true)) {
    walker.Refuse(node, "is in training mode: it normalises by the statistics of the batch");
  }
  if (tensor.batched()) {
    RequireBatchFirst(walker, node, tensor);
    walker.AssumeRank(node, tensor, 2);
  }
  PutAll(walker, node, tensor);
}

void InstanceNorm(GateWalker& walker, const Node* node) {
  RequireFixed(walker, node, 1);
  const Trace tensor = walker.At(node->input(0));
  if (tensor.batched()) {
    RequireBatchFirst(walker, node, tensor);
    walker.AssumeRank(node, tensor, 3);
  }
  PutAll(walker, node, tensor);
}

void LayerNorm(GateWalker& walker, const Node* node) {
  RequireFixed(walker, node, 1);
  const Trace tensor = walker.At(node->input(0));
  const Value* argument = OperatorInput(node, "normalized_shape");
  size_t dims = 0;
  if (const auto shape = walker.constants().Ints(argument)) {
    dims = shape->size();
  } else if (const Trace& sizes = walker.At(argument); sizes.elements) {
    dims = sizes.elements->size();  // x.size(-1), ...: sizes, whatever they are
  } else {
    walker.Unproven(node, "normalises over dimensions that are not constant");
  }
  if (tensor.batched()) {
    walker.AssumeRank(node, tensor, tensor.batch + 1 + static_cast<int>(dims));
  }
  PutAll(walker, node, tensor);
}

void GroupNorm(GateWalker& walker, const Node* node) {
  RequireFixed(walker, node, 1);
  const Trace tensor = walker.At(node->input(0));
  if (tensor.batched()) {
    RequireBatchFirst(walker, node, tensor);
    walker.AssumeRank(node, tensor, 2);
  }
  PutAll(walker, node, tensor);
}

// Pools and resizes the last dimensions of each channel.
void Spatial(GateWalker& walker, const Node* node) {
  RequireFixed(walker, node, 1);
  const Trace tensor = walker.At(node->input(0));
  int spatial = SpatialDims(NameOf(node));
  if (spatial == 0) spatial = 2;
  if (tensor.batched()) {
    RequireBatchFirst(walker, node, tensor);
    walker.AssumeRank(node, tensor, spatial + 2);
  }
  Trace out = tensor;
  out.dims.reset();
  PutAll(walker, node, out);
}

// im2col, col2im: the patches of each picture, and back.
void Patches(GateWalker& walker, const Node* node) {
  RequireFixed(walker, node, 1);
  const Trace tensor = walker.At(node->input(0));
  if (!tensor.batched()) return PutAll(walker, node, FixedTensor(Rank{}));
  const bool cuts = NameOf(node) == "aten::im2col";
  RequireBatchFirst(walker, node, tensor);
  walker.AssumeRank(node, tensor, cuts ? 4 : 3);
  PutAll(walker, node, TensorTrace(0, Rank::Known(cuts ? 3 : 4)));
}

// stft(x, ...): each signal by itself.
void Stft(GateWalker& walker, const Node* node) {
  RequireFixed(walker, node, 1);
  const Trace tensor = walker.At(node->input(0));
  if (!tensor.batched()) return PutAll(walker, node, FixedTensor(Rank{}));
  RequireBatchFirst(walker, node, tensor);
  if (tensor.rank.known() && tensor.rank.offset > 2) walker.Raises(node);
  walker.AssumeRank(node, tensor, 2);
  const auto complex = walker.constants().Bool(OperatorInput(node, "return_complex"));
  PutAll(walker, node, TensorTrace(0, complex ? Rank::Known(*complex ? 3 : 4) : Rank{}));
}

// pad(x, pad): pairs, from the last dimension backwards.
void Pad(GateWalker& walker, const Node* node) {
  const Trace tensor = walker.At(node->input(0));
  if (tensor.batched()) {
    const Value* argument = OperatorInput(node, "pad");
    const auto pad = walker.constants().Ints(argument);
    const Trace& sizes = walker.At(argument);
    if (TouchesBatch(sizes)) walker.Refuse(node, "pads by the size of the batch, size(0)");
    if (!pad && !sizes.elements) walker.Unproven(node, "pads dimensions that are not known");
    const size_t count = pad ? pad->size() : sizes.elements->size();
    walker.AssumeRank(node, tensor, tensor.batch + 1 + static_cast<int>(count / 2));
  }
  Trace out = tensor;
  out.dims.reset();
  PutAll(walker, node, out);
}

}  // namespace

void AddLayerRules(GateRules& rules) {
  for (const char* name : {"aten::linear", "quantized::linear", "quantized::linear_relu"}) {
    rules[name] = Linear;
  }
  for (const char* name : {"aten::matmul", "aten::mm", "aten::bmm"}) rules[name] = Matmul;
  for (const char* name :
       {"aten::conv1d", "aten::conv2d", "aten::conv3d", "aten::_convolution", "aten::convolution",
        "aten::conv_transpose1d", "aten::conv_transpose2d", "aten::conv_transpose3d",
        "quantized::conv1d", "quantized::conv2d", "quantized::conv3d", "quantized::conv1d_relu",
        "quantized::conv2d_relu", "quantized::conv3d_relu"}) {
    rules[name] = Convolution;
  }
  for (const char* name : {"aten::max_pool1d",
                           "aten::max_pool2d",
                           "aten::max_pool3d",
                           "aten::avg_pool1d",
                           "aten::avg_pool2d",
                           "aten::avg_pool3d",
                           "aten::adaptive_avg_pool1d",
                           "aten::adaptive_avg_pool2d",
                           "aten::adaptive_avg_pool3d",
                           "aten::adaptive_max_pool1d",
                           "aten::adaptive_max_pool2d",
                           "aten::adaptive_max_pool3d",
                           "aten::max_pool1d_with_indices",
                           "aten::max_pool2d_with_indices",
                           "aten::upsample_nearest1d",
                           "aten::upsample_nearest2d",
                           "aten::upsample_nearest3d",
                           "aten::upsample_bilinear2d",
                           "aten::upsample_bicubic2d",
                           "aten::upsample_linear1d",
                           "aten::__interpolate",
                           "aten::__upsample",
                           "aten::__upsample_bilinear",
                           "aten::pixel_shuffle",
                           "aten::pixel_unshuffle",
                           "aten::channel_shuffle",
                           "aten::lp_pool2d"}) {
    rules[name] = Spatial;
  }
  for (const char* name :
       {"aten::pad", "aten::constant_pad_nd", "aten::reflection_pad1d", "aten::reflection_pad2d",
        "aten::replication_pad1d", "aten::replication_pad2d"}) {
    rules[name] = Pad;
  }
  rules["aten::im2col"] = Patches;
  rules["aten::col2im"] = Patches;
  rules["aten::stft"] = Stft;
  rules["aten::addmm"] = Addmm;
  rules["aten::baddbmm"] = Baddbmm;
  rules["aten::batch_norm"] = BatchNorm;
  rules["aten::instance_norm"] = InstanceNorm;
  rules["aten::layer_norm"] = LayerNorm;
  rules["aten::rms_norm"] = LayerNorm;
  rules["aten::group_norm"] = GroupNorm;
}

}  // namespace flambeau
