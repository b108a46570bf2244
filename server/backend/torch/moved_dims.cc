#include "backend/torch/moved_dims.h"

#include <optional>

namespace flambeau {
namespace {

using Kind = ArgumentFlow::Step::Kind;
using torch::jit::Node;
using torch::jit::Value;

// Is `dim` the last of a tensor with at least `least` dimensions (`rank` if known)? In doubt, yes.
bool MayBeLast(int64_t dim, int rank, int least) {
  if (rank != ArgumentFlow::kUnknown) return dim == -1 || dim == rank - 1;
  return dim == -1 || dim >= least - 1;
}

void Permute(const Node* node, ArgumentFlow& flow, GraphConstants& constants) {
  const auto order = constants.Ints(OperatorInput(node, "dims"));
  if (!order || order->empty()) return flow.LoseShape();
  const auto size = static_cast<int64_t>(order->size());
  flow.steps.push_back({Kind::kPermute, *order});
  flow.last_same = flow.last_same && (order->back() == -1 || order->back() == size - 1);
  flow.rank = static_cast<int>(size);
}

void Transpose(const Node* node, ArgumentFlow& flow, GraphConstants& constants) {
  const auto a = constants.Int(OperatorInput(node, "dim0"));
  const auto b = constants.Int(OperatorInput(node, "dim1"));
  if (!a || !b) return flow.LoseShape();
  flow.steps.push_back({Kind::kTranspose, {*a, *b}});
  const int least = flow.LeastRank();
  flow.last_same = flow.last_same && *a != *b
                       ? !MayBeLast(*a, flow.rank, least) && !MayBeLast(*b, flow.rank, least)
                       : flow.last_same;
}

void Unsqueeze(const Node* node, ArgumentFlow& flow, GraphConstants& constants) {
  const auto dim = constants.Int(OperatorInput(node, "dim"));
  if (!dim) return flow.LoseShape();
  flow.steps.push_back({Kind::kUnsqueeze, {*dim}});
  flow.grown += 1;
  if (flow.rank != ArgumentFlow::kUnknown) flow.rank += 1;
  flow.last_same = flow.last_same && !MayBeLast(*dim, flow.rank, flow.LeastRank());
}

// All of a dimension, as x[:] asks for it.
bool IsWhole(const Node* node, GraphConstants& constants) {
  const Value* start = OperatorInput(node, "start");
  const Value* end = OperatorInput(node, "end");
  return (constants.IsNone(start) || constants.Int(start) == 0) &&
         (constants.IsNone(end) || constants.Int(end) == INT64_MAX) &&
         constants.Int(OperatorInput(node, "step")) == 1;
}

void Slice(const Node* node, ArgumentFlow& flow, GraphConstants& constants) {
  if (IsWhole(node, constants)) return;
  const auto dim = constants.Int(OperatorInput(node, "dim"));
  if (!dim) return flow.LoseShape();
  flow.steps.push_back({Kind::kSlice, {*dim}});
  flow.last_same = flow.last_same && !MayBeLast(*dim, flow.rank, flow.LeastRank());
}

void Select(const Node* node, ArgumentFlow& flow, GraphConstants& constants) {
  const auto dim = constants.Int(OperatorInput(node, "dim"));
  if (!dim || OperatorInput(node, "index") == nullptr) return flow.LoseShape();
  flow.last_same = flow.last_same && !MayBeLast(*dim, flow.rank, flow.LeastRank());
  flow.steps.push_back({Kind::kSelect, {*dim}});
  flow.grown -= 1;
  if (flow.rank != ArgumentFlow::kUnknown) flow.rank -= 1;
}

// index_select(x, dim, index): as a slice.
void SelectIndices(const Node* node, ArgumentFlow& flow, GraphConstants& constants) {
  const auto dim = constants.Int(OperatorInput(node, "dim"));
  if (!dim) return flow.LoseShape();
  flow.steps.push_back({Kind::kSlice, {*dim}});
  flow.last_same = flow.last_same && !MayBeLast(*dim, flow.rank, flow.LeastRank());
}

// The last `count` dimensions get other sizes.
void ResizeLast(int64_t count, ArgumentFlow& flow) {
  flow.steps.push_back({Kind::kResizeLast, {count}});
  flow.last_same = flow.last_same && count == 0;
}

void Pad(const Node* node, ArgumentFlow& flow, GraphConstants& constants) {
  const auto pad = constants.Ints(OperatorInput(node, "pad"));
  if (!pad) return flow.LoseShape();
  ResizeLast(static_cast<int64_t>(pad->size() / 2), flow);
}

// The spatial dimensions of a pool; nothing if `op` is none.
std::optional<int64_t> PooledDims(std::string_view op) {
  if (op.find("pool1d") != std::string_view::npos) return 1;
  if (op.find("pool2d") != std::string_view::npos) return 2;
  if (op.find("pool3d") != std::string_view::npos) return 3;
  return std::nullopt;
}

// view(sizes): the shape before is anybody's guess, the number of sizes is not.
void View(const Node* node, ArgumentFlow& flow, GraphConstants& constants) {
  flow.LoseShape();
  const Value* sizes = OperatorInput(node, node->kind() == c10::aten::view ? "size" : "shape");
  if (sizes == nullptr) return;
  if (const auto ints = constants.Ints(sizes)) {
    flow.rank = static_cast<int>(ints->size());
  } else if (sizes->node()->kind() == c10::prim::ListConstruct) {
    flow.rank = static_cast<int>(sizes->node()->inputs().size());
  }
}

}  // namespace

void MoveDims(const Node* node, std::string_view op, ArgumentFlow& flow,
              GraphConstants& constants) {
  if (op == "aten::permute") return Permute(node, flow, constants);
  if (op == "aten::transpose") return Transpose(node, flow, constants);
  if (op == "aten::unsqueeze") return Unsqueeze(node, flow, constants);
  if (op == "aten::slice") return Slice(node, flow, constants);
  if (op == "aten::index_select") return SelectIndices(node, flow, constants);
  if (op == "aten::select") return Select(node, flow, constants);
  if (op == "aten::pad" || op == "aten::constant_pad_nd") return Pad(node, flow, constants);
  if (op == "aten::view" || op == "aten::reshape") return View(node, flow, constants);
  if (const auto pooled = PooledDims(op)) return ResizeLast(*pooled, flow);
  flow.LoseShape();
}

}  // namespace flambeau
