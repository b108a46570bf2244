#include <algorithm>
#include <utility>

#include "backend/torch/gate_rules.h"

namespace flambeau {
namespace {

using Place = GateWalker::Place;
using torch::jit::Node;
using torch::jit::Value;

// The constant at element `i` of a list of sizes.
std::optional<int64_t> SizeConstant(GateWalker& walker, const Value* list, size_t i) {
  if (const auto ints = walker.constants().Ints(list)) {
    return i < ints->size() ? std::optional<int64_t>((*ints)[i]) : std::nullopt;
  }
  const Node* node = list->node();
  if (node->kind() != c10::prim::ListConstruct || i >= node->inputs().size()) return std::nullopt;
  return walker.constants().Int(node->input(i));
}

// A dimension of size 1 put before the batch, or taken away again.
std::optional<Trace> Lone(const Trace& tensor, const std::vector<Trace>& sizes, int first) {
  const Rank rank = Rank::Known(static_cast<int>(sizes.size()));
  if (first < 0 || tensor.interleaved || !tensor.rank.known() ||
      sizes[static_cast<size_t>(first)].depends != Depends::kBatchSize) {
    return std::nullopt;
  }
  if (tensor.batch == 0 && first == 1 && sizes[0].number == 1 && sizes.size() > 1) {
    Trace out = TensorTrace(1, rank);
    out.lone = true;
    return out;
  }
  if (tensor.lone && tensor.batch == 1 && first == 0) return TensorTrace(0, rank);
  return std::nullopt;
}

// [T,B,E] -> [T*B,E] and back, as attention with the time first does it.
std::optional<Trace> Interleave(const Trace& tensor, const std::vector<Trace>& sizes, int first) {
  const int rank = static_cast<int>(sizes.size());
  if (!tensor.rank.known() || first < 0) return std::nullopt;
  const Depends depends = sizes[static_cast<size_t>(first)].depends;
  if (!tensor.interleaved && tensor.batch == 1 && first == 0 && depends == Depends::kBatchDerived &&
      rank < tensor.rank.offset) {
    Trace out = TensorTrace(0, Rank::Known(rank));
    out.interleaved = true;
    return out;
  }
  if (tensor.interleaved && tensor.batch == 0 && first == 1 && depends == Depends::kBatchSize &&
      rank == tensor.rank.offset + 1) {
    return TensorTrace(1, Rank::Known(rank));
  }
  return std::nullopt;
}

// view, reshape. Rows lie one after the other, so the batch stays where it is if the sizes before
// it stay, and the size there is size(0), computed from it, or -1.
void View(GateWalker& walker, const Node* node) {
  const Trace tensor = walker.At(node->input(0));
  const Value* list = SizeList(node);
  if (list == nullptr) {  // view(dtype)
    return PutAll(walker, node, tensor);
  }
  const std::vector<Trace> sizes = SizesOf(walker, node, list);
  const Rank rank = Rank::Known(static_cast<int>(sizes.size()));
  if (!tensor.batched()) {
    if (BatchAmong(sizes) >= 0) walker.Unproven(node, "spreads a tensor over the batch");
    return PutAll(walker, node, FixedTensor(rank));
  }
  const auto place = static_cast<size_t>(tensor.batch);
  const int first = BatchAmong(sizes);
  if (const auto out = Lone(tensor, sizes, first)) return PutAll(walker, node, *out);
  if (place >= sizes.size()) walker.Refuse(node, "merges the batch with other dimensions");
  if (const auto out = Interleave(tensor, sizes, first)) return PutAll(walker, node, *out);
  if (first >= 0 && first != tensor.batch) walker.Refuse(node, "moves the rows of a batch");
  if (first < 0) {
    const auto size = SizeConstant(walker, list, place);
    if (!size || *size != -1) {
      walker.Refuse(node, "fixes " + BatchDimension(tensor) +
                              (size ? ", to " + std::to_string(*size) : std::string()));
    }
  }
  if (tensor.interleaved) walker.Refuse(node, "moves the rows of a batch");
  Trace out = TensorTrace(tensor.batch, rank);
  // x.view(-1): the rows of a matrix, one after the other.
  if (sizes.size() == 1 && tensor.rank == Rank::Known(2)) out.rows_of = node->input(0);
  PutAll(walker, node, out);
}

void Flatten(GateWalker& walker, const Node* node) {
  const Trace tensor = walker.At(node->input(0));
  if (!tensor.batched()) return PutAll(walker, node, FixedTensor(Rank{}));
  const int64_t start = RequireInt(walker, node, "start_dim");
  const int64_t end = RequireInt(walker, node, "end_dim");
  const Place from = walker.PlaceOf(node, tensor, start);
  if (from == Place::kBefore) walker.Refuse(node, "merges " + BatchDimension(tensor));
  Trace out = tensor;
  if (tensor.rank.known()) {
    const auto rank = static_cast<int64_t>(tensor.rank.offset);
    const int64_t first = start < 0 ? start + rank : start;
    const int64_t last = end < 0 ? end + rank : end;
    out.rank = Rank::Known(static_cast<int>(rank - std::max<int64_t>(last - first, 0)));
  } else if (start >= 0 && end == -1) {
    out.rank = Rank::Known(static_cast<int>(start) + 1);
    walker.AssumeRank(node, tensor, static_cast<int>(start) + 1);
  } else {
    out.rank = Rank{};
  }
  PutAll(walker, node, out);
}

void Unflatten(GateWalker& walker, const Node* node) {
  const Trace tensor = walker.At(node->input(0));
  const std::vector<Trace> sizes = SizesOf(walker, node, SizeList(node));
  if (!tensor.batched()) return PutAll(walker, node, FixedTensor(Rank{}));
  if (walker.PlaceOf(node, tensor, RequireInt(walker, node, "dim")) != Place::kAfter) {
    walker.Unproven(node, "splits " + BatchDimension(tensor));
  }
  Trace out = tensor;
  out.rank = tensor.rank.Plus(static_cast<int>(sizes.size()) - 1);
  PutAll(walker, node, out);
}

// A fixed tensor of other sizes; -1 leaves one alone.
Trace ExpandedFixed(const Trace& tensor, const std::vector<Trace>& sizes) {
  Trace out = FixedTensor(Rank::Known(static_cast<int>(sizes.size())));
  if (!tensor.dims || tensor.dims->size() > sizes.size()) return out;
  const size_t shift = sizes.size() - tensor.dims->size();
  out.dims = std::vector<int64_t>(sizes.size(), -1);
  for (size_t i = 0; i < sizes.size(); ++i) {
    const int64_t own = i < shift ? -1 : (*tensor.dims)[i - shift];
    const auto& size = sizes[i].number;
    if (size) (*out.dims)[i] = *size == -1 ? own : *size;
  }
  return out;
}

// expand(sizes): at the batch -1 or size(0); a fixed tensor may become one row for each row.
void Expand(GateWalker& walker, const Node* node) {
  const Trace tensor = walker.At(node->input(0));
  const Value* list = SizeList(node);
  const std::vector<Trace> sizes = SizesOf(walker, node, list);
  const Rank rank = Rank::Known(static_cast<int>(sizes.size()));
  const int place = BatchAmong(sizes);
  if (!tensor.batched()) {
    if (place >= 0 && sizes[static_cast<size_t>(place)].depends != Depends::kBatchSize) {
      walker.Unproven(node, "spreads a tensor over a number computed from size(0)");
    }
    if (place >= 0) {
      // Where the batch comes to lie, the tensor must have nothing or size 1.
      const Trace out = TensorTrace(place, rank);
      return PutAll(walker, node, Broadcast(walker, node, {out, tensor}));
    }
    return PutAll(walker, node, ExpandedFixed(tensor, sizes));
  }
  if (!tensor.rank.known()) {
    walker.NeedsRank(node, tensor.rank, "expands a tensor of unknown dimensions");
  }
  if (rank.offset < tensor.rank.offset) walker.Raises(node);
  const int now = tensor.batch + rank.offset - tensor.rank.offset;
  const auto size = now >= 0 ? SizeConstant(walker, list, static_cast<size_t>(now)) : std::nullopt;
  if (place != now && !(place < 0 && size && *size == -1)) {
    walker.Refuse(node, "fixes " + BatchDimension(tensor));
  }
  PutAll(walker, node, TensorTrace(now, rank));
}

// repeat(sizes): as expand, but 1 leaves a dimension alone.
void Repeat(GateWalker& walker, const Node* node) {
  const Trace tensor = walker.At(node->input(0));
  const Value* list = SizeList(node);
  const std::vector<Trace> sizes = SizesOf(walker, node, list);
  const Rank rank = Rank::Known(static_cast<int>(sizes.size()));
  const int place = BatchAmong(sizes);
  if (!tensor.batched()) {
    if (place < 0) return PutAll(walker, node, FixedTensor(rank));
    const Trace out = TensorTrace(place, rank);
    return PutAll(walker, node, Broadcast(walker, node, {out, tensor}));
  }
  if (!tensor.rank.known() || place >= 0) walker.Refuse(node, "repeats the rows of a batch");
  const int now = tensor.batch + rank.offset - tensor.rank.offset;
  if (now < 0 || SizeConstant(walker, list, static_cast<size_t>(now)).value_or(0) != 1) {
    walker.Refuse(node, "repeats the rows of a batch");
  }
  PutAll(walker, node, TensorTrace(now, rank));
}

// x.expand_as(y), x.view_as(y): as y, if x is compatible.
void As(GateWalker& walker, const Node* node) {
  const Trace tensor = walker.At(node->input(0));
  const Trace other = walker.At(node->input(1));
  if (tensor.batched() && tensor.batch != other.batch) walker.Unproven(node, "moves the batch");
  if (!tensor.batched() && other.batched()) Broadcast(walker, node, {other, tensor});
  PutAll(walker, node, other);
}

// A fixed tensor with a dimension of size 1 more.
Trace Unsqueezed(const Trace& tensor, int64_t dim) {
  Trace out = FixedTensor(tensor.rank.Plus(1));
  if (!tensor.dims) return out;
  std::vector<int64_t> dims = *tensor.dims;
  const auto rank = static_cast<int64_t>(dims.size());
  if (dim < 0) dim += rank + 1;
  if (dim < 0 || dim > rank) return out;
  dims.insert(dims.begin() + dim, 1);
  out.dims = std::move(dims);
  return out;
}

void Unsqueeze(GateWalker& walker, const Node* node) {
  const Trace tensor = walker.At(node->input(0));
  const int64_t dim = RequireInt(walker, node, "dim");
  if (!tensor.batched()) return PutAll(walker, node, Unsqueezed(tensor, dim));
  Trace out = tensor;
  out.rank = tensor.rank.Plus(1);
  if (walker.PlaceOf(node, tensor, dim, 1) != Place::kAfter) out.batch += 1;
  PutAll(walker, node, out);
}

void Squeeze(GateWalker& walker, const Node* node) {
  const Trace tensor = walker.At(node->input(0));
  if (!tensor.batched()) return PutAll(walker, node, FixedTensor(Rank{}));
  const Value* argument = OperatorInput(node, "dim");
  const auto dims = walker.constants().Ints(argument);
  if (argument == nullptr || !dims) {
    walker.Refuse(node, "drops the batch dimension of a single row");
  }
  Trace out = tensor;
  for (const int64_t dim : *dims) {
    const Place place = walker.PlaceOf(node, tensor, dim);
    if (place == Place::kBatch) walker.Refuse(node, "drops the batch dimension of a single row");
    if (place == Place::kBefore) out.batch -= 1;
  }
  out.rank = tensor.rank.Plus(-static_cast<int>(dims->size()));
  PutAll(walker, node, out);
}

void Transpose(GateWalker& walker, const Node* node) {
  const Trace tensor = walker.At(node->input(0));
  const bool named = OperatorInput(node, "dim0") != nullptr;
  const int64_t a = RequireInt(walker, node, named ? "dim0" : "axis0");
  const int64_t b = RequireInt(walker, node, named ? "dim1" : "axis1");
  Trace out = tensor;
  out.dims.reset();
  if (tensor.batched()) {
    const Place pa = walker.PlaceOf(node, tensor, a);
    const Place pb = walker.PlaceOf(node, tensor, b);
    const auto moved = [&](int64_t to) {
      if (to < 0 && !tensor.rank.known()) walker.Unproven(node, "moves the batch to the end");
      return static_cast<int>(to < 0 ? to + tensor.rank.offset : to);
    };
    if (pa == Place::kBatch) {
      out.batch = moved(b);
    } else if (pb == Place::kBatch) {
      out.batch = moved(a);
    }
  }
  PutAll(walker, node, out);
}

// t(): swaps the two dimensions of a matrix.
void T(GateWalker& walker, const Node* node) {
  const Trace tensor = walker.At(node->input(0));
  Trace out = tensor;
  out.dims.reset();
  if (tensor.batched()) {
    walker.AssumeRank(node, tensor, 2);
    out.batch = 1 - tensor.batch;
    out.rank = Rank::Known(2);
  }
  PutAll(walker, node, out);
}

// mT: swaps the last two.
void MatrixT(GateWalker& walker, const Node* node) {
  const Trace tensor = walker.At(node->input(0));
  if (tensor.batched()) walker.AssumeRank(node, tensor, tensor.batch + 3);
  PutAll(walker, node, tensor);
}

void Permute(GateWalker& walker, const Node* node) {
  const Trace tensor = walker.At(node->input(0));
  const auto dims = walker.constants().Ints(OperatorInput(node, "dims"));
  if (!dims) walker.Unproven(node, "has an order that is not constant");
  Trace out = TensorTrace(tensor.batch, Rank::Known(static_cast<int>(dims->size())));
  if (tensor.batched()) {
    for (size_t i = 0; i < dims->size(); ++i) {
      const int64_t dim =
          (*dims)[i] < 0 ? (*dims)[i] + static_cast<int64_t>(dims->size()) : (*dims)[i];
      if (dim == tensor.batch) out.batch = static_cast<int>(i);
    }
  }
  PutAll(walker, node, out);
}

}  // namespace

void AddShapeRules(GateRules& rules) {
  for (const char* name :
       {"aten::view", "aten::reshape", "aten::_reshape_alias", "aten::_unsafe_view"}) {
    rules[name] = View;
  }
  for (const char* name : {"aten::expand", "aten::broadcast_to"}) rules[name] = Expand;
  for (const char* name : {"aten::expand_as", "aten::view_as", "aten::reshape_as"})
    rules[name] = As;
  for (const char* name : {"aten::transpose", "aten::swapaxes", "aten::swapdims"}) {
    rules[name] = Transpose;
  }
  rules["aten::flatten"] = Flatten;
  rules["aten::unflatten"] = Unflatten;
  rules["aten::repeat"] = Repeat;
  rules["aten::unsqueeze"] = Unsqueeze;
  rules["aten::squeeze"] = Squeeze;
  rules["aten::t"] = T;
  rules["aten::numpy_T"] = T;
  rules["aten::mT"] = MatrixT;
  rules["aten::permute"] = Permute;
}

}  // namespace flambeau
