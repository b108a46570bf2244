#include <algorithm>
#include <utility>

#include "backend/torch/gate_rules.h"

namespace flambeau {
namespace {

using Place = GateWalker::Place;
using torch::jit::Node;
using torch::jit::Value;

Trace Fixed(Rank rank) { return TensorTrace(-1, rank); }

std::string Batch(const Trace& tensor) {
  return "dimension " + std::to_string(tensor.batch) + ", the batch";
}

int64_t RequireInt(GateWalker& walker, const Node* node, const char* name) {
  const auto value = walker.constants().Int(OperatorInput(node, name));
  if (!value) walker.Unproven(node, "works along a dimension that is not constant");
  return *value;
}

// The elements of a list of sizes; a constant list too.
std::vector<Trace> Sizes(GateWalker& walker, const Node* node, const Value* list) {
  if (list != nullptr) {
    const Trace& trace = walker.At(list);
    if (trace.elements) return *trace.elements;
    if (!trace.element && !trace.shape_of && trace.depends == Depends::kFixed) {
      if (const auto ints = walker.constants().Ints(list)) {
        return std::vector<Trace>(ints->size(), NumberTrace(Depends::kFixed));
      }
    }
    if (trace.shape_of && trace.shape_of->rank.known()) {
      std::vector<Trace> sizes(static_cast<size_t>(trace.shape_of->rank.offset),
                               NumberTrace(Depends::kShape));
      if (trace.shape_of->batched()) {
        sizes[static_cast<size_t>(trace.shape_of->batch)] = NumberTrace(Depends::kBatchSize);
      }
      return sizes;
    }
  }
  walker.Unproven(node, "takes a shape that is not known");
}

// The constant at element `i` of a list of sizes.
std::optional<int64_t> SizeConstant(GateWalker& walker, const Value* list, size_t i) {
  if (const auto ints = walker.constants().Ints(list)) {
    return i < ints->size() ? std::optional<int64_t>((*ints)[i]) : std::nullopt;
  }
  const Node* node = list->node();
  if (node->kind() != c10::prim::ListConstruct || i >= node->inputs().size()) return std::nullopt;
  return walker.constants().Int(node->input(i));
}

// Which element of a list of sizes is the batch's; -1: none.
int BatchAmong(const std::vector<Trace>& sizes) {
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (TouchesBatch(sizes[i])) return static_cast<int>(i);
  }
  return -1;
}

const Value* SizeList(const Node* node) {
  for (const char* name : {"size", "shape", "sizes", "repeats"}) {
    if (const Value* list = OperatorInput(node, name)) return list;
  }
  return nullptr;
}

// view, reshape. Rows lie one after the other, so the batch stays where it is if the sizes before
// it stay, and the size there is size(0), computed from it, or -1.
void View(GateWalker& walker, const Node* node) {
  const Trace tensor = walker.At(node->input(0));
  const Value* list = SizeList(node);
  if (list == nullptr) {  // view(dtype)
    return PutAll(walker, node, tensor);
  }
  const std::vector<Trace> sizes = Sizes(walker, node, list);
  const Rank rank = Rank::Known(static_cast<int>(sizes.size()));
  if (!tensor.batched()) {
    if (BatchAmong(sizes) >= 0) walker.Unproven(node, "spreads a tensor over the batch");
    return PutAll(walker, node, Fixed(rank));
  }
  const auto place = static_cast<size_t>(tensor.batch);
  if (place >= sizes.size()) walker.Refuse(node, "merges the batch with other dimensions");
  const int first = BatchAmong(sizes);
  if (first >= 0 && first != tensor.batch) walker.Refuse(node, "moves the rows of a batch");
  if (first < 0) {
    const auto size = SizeConstant(walker, list, place);
    if (!size || *size != -1) {
      walker.Refuse(node, "fixes " + Batch(tensor) +
                              (size ? ", to " + std::to_string(*size) : std::string()));
    }
  }
  PutAll(walker, node, TensorTrace(tensor.batch, rank));
}

void Flatten(GateWalker& walker, const Node* node) {
  const Trace tensor = walker.At(node->input(0));
  if (!tensor.batched()) return PutAll(walker, node, Fixed(Rank{}));
  const int64_t start = RequireInt(walker, node, "start_dim");
  const int64_t end = RequireInt(walker, node, "end_dim");
  const Place from = walker.PlaceOf(node, tensor, start);
  if (from == Place::kBefore) walker.Refuse(node, "merges " + Batch(tensor));
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
  const std::vector<Trace> sizes = Sizes(walker, node, SizeList(node));
  if (!tensor.batched()) return PutAll(walker, node, Fixed(Rank{}));
  if (walker.PlaceOf(node, tensor, RequireInt(walker, node, "dim")) != Place::kAfter) {
    walker.Unproven(node, "splits " + Batch(tensor));
  }
  Trace out = tensor;
  out.rank = tensor.rank.Plus(static_cast<int>(sizes.size()) - 1);
  PutAll(walker, node, out);
}

// expand(sizes): at the batch -1 or size(0); a fixed tensor may become one row for each row.
void Expand(GateWalker& walker, const Node* node) {
  const Trace tensor = walker.At(node->input(0));
  const Value* list = SizeList(node);
  const std::vector<Trace> sizes = Sizes(walker, node, list);
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
    return PutAll(walker, node, Fixed(rank));
  }
  if (!tensor.rank.known()) walker.Unproven(node, "expands a tensor of unknown dimensions");
  const int now = tensor.batch + rank.offset - tensor.rank.offset;
  const auto size = now >= 0 ? SizeConstant(walker, list, static_cast<size_t>(now)) : std::nullopt;
  if (place != now && !(place < 0 && size && *size == -1)) {
    walker.Refuse(node, "fixes " + Batch(tensor));
  }
  PutAll(walker, node, TensorTrace(now, rank));
}

// repeat(sizes): as expand, but 1 leaves a dimension alone.
void Repeat(GateWalker& walker, const Node* node) {
  const Trace tensor = walker.At(node->input(0));
  const Value* list = SizeList(node);
  const std::vector<Trace> sizes = Sizes(walker, node, list);
  const Rank rank = Rank::Known(static_cast<int>(sizes.size()));
  const int place = BatchAmong(sizes);
  if (!tensor.batched()) {
    if (place < 0) return PutAll(walker, node, Fixed(rank));
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

void Unsqueeze(GateWalker& walker, const Node* node) {
  const Trace tensor = walker.At(node->input(0));
  Trace out = tensor;
  out.dims.reset();
  out.rank = tensor.rank.Plus(1);
  if (tensor.batched()) {
    const Place place = walker.PlaceOf(node, tensor, RequireInt(walker, node, "dim"), 1);
    if (place != Place::kAfter) out.batch += 1;
  } else if (tensor.dims) {
    int64_t dim = RequireInt(walker, node, "dim");
    if (dim < 0) dim += static_cast<int64_t>(tensor.dims->size()) + 1;
    if (dim >= 0 && dim <= static_cast<int64_t>(tensor.dims->size())) {
      out.dims = tensor.dims;
      out.dims->insert(out.dims->begin() + dim, 1);
    }
  }
  PutAll(walker, node, out);
}

void Squeeze(GateWalker& walker, const Node* node) {
  const Trace tensor = walker.At(node->input(0));
  if (!tensor.batched()) return PutAll(walker, node, Fixed(Rank{}));
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

void Select(GateWalker& walker, const Node* node) {
  const Trace tensor = walker.At(node->input(0));
  if (!tensor.batched()) return PutAll(walker, node, Fixed(tensor.rank.Plus(-1)));
  const Place place = walker.PlaceOf(node, tensor, RequireInt(walker, node, "dim"));
  if (place == Place::kBatch) walker.Refuse(node, "picks one row out of the batch");
  const Value* index = OperatorInput(node, "index");
  if (index != nullptr && TouchesBatch(walker.At(index))) {
    walker.Refuse(node, "picks an element by the size of the batch, size(0)");
  }
  Trace out = tensor;
  out.rank = tensor.rank.Plus(-1);
  if (place == Place::kBefore) out.batch -= 1;
  PutAll(walker, node, out);
}

// slice(x, dim, start, end, step): of the batch only the whole.
void Slice(GateWalker& walker, const Node* node) {
  const Trace tensor = walker.At(node->input(0));
  if (!tensor.is_tensor) {  // of a list
    const Value* start_value = OperatorInput(node, "start");
    const int64_t start = walker.constants().Int(start_value).value_or(0);
    if (tensor.elements && walker.constants().IsNone(OperatorInput(node, "end")) && start >= 0 &&
        start <= static_cast<int64_t>(tensor.elements->size())) {
      return PutAll(walker, node,
                    ListTrace({tensor.elements->begin() + start, tensor.elements->end()}));
    }
    if (tensor.shape_of || tensor.elements) {
      std::vector<Trace> all = Sizes(walker, node, node->input(0));
      const auto size = static_cast<int64_t>(all.size());
      const auto end = walker.constants().Int(OperatorInput(node, "end"));
      int64_t first = start < 0 ? start + size : start;
      int64_t last = !end ? size : (*end < 0 ? *end + size : std::min(*end, size));
      first = std::clamp<int64_t>(first, 0, size);
      last = std::clamp<int64_t>(last, first, size);
      if (walker.constants().Int(OperatorInput(node, "step")).value_or(0) != 1) {
        walker.Unproven(node, "takes elements of a list by steps");
      }
      return PutAll(walker, node, ListTrace({all.begin() + first, all.begin() + last}));
    }
    if (TouchesBatch(tensor)) {
      Trace list = tensor;
      return PutAll(walker, node, list);
    }
    return PutAll(walker, node, Trace());
  }
  if (!tensor.batched()) return PutAll(walker, node, Fixed(tensor.rank));
  const Place place = walker.PlaceOf(node, tensor, RequireInt(walker, node, "dim"));
  const Value* start = OperatorInput(node, "start");
  const Value* end = OperatorInput(node, "end");
  if (place == Place::kBatch) {
    const bool from_first = walker.constants().IsNone(start) || walker.constants().Int(start) == 0;
    const bool to_last =
        walker.constants().IsNone(end) || walker.constants().Int(end).value_or(0) == INT64_MAX;
    if (!from_first || !to_last || walker.constants().Int(OperatorInput(node, "step")) != 1) {
      walker.Refuse(node, "picks some rows out of the batch");
    }
  } else if (TouchesBatch(walker.At(start)) || TouchesBatch(walker.At(end))) {
    walker.Refuse(node, "cuts by the size of the batch, size(0)");
  }
  Trace out = tensor;
  out.dims.reset();
  PutAll(walker, node, out);
}

void Narrow(GateWalker& walker, const Node* node) {
  const Trace tensor = walker.At(node->input(0));
  if (tensor.batched() &&
      walker.PlaceOf(node, tensor, RequireInt(walker, node, "dim")) == Place::kBatch) {
    walker.Refuse(node, "picks some rows out of the batch");
  }
  Trace out = tensor;
  out.dims.reset();
  PutAll(walker, node, out);
}

// chunk, split, unbind: a list along a dimension.
void Split(GateWalker& walker, const Node* node) {
  const Trace tensor = walker.At(node->input(0));
  Trace part = tensor;
  part.dims.reset();
  const bool unbinds = node->kind() == c10::aten::unbind;
  if (unbinds) part.rank = tensor.rank.Plus(-1);
  if (tensor.batched()) {
    const Place place = walker.PlaceOf(node, tensor, RequireInt(walker, node, "dim"));
    if (place == Place::kBatch) walker.Refuse(node, "takes the rows of the batch apart");
    if (unbinds && place == Place::kBefore) part.batch -= 1;
  }
  Trace list;
  list.element = std::make_shared<const Trace>(std::move(part));
  PutAll(walker, node, list);
}

// prim::ConstantChunk[chunks, dim]: one output for each part.
void ConstantChunk(GateWalker& walker, const Node* node) {
  const Trace tensor = walker.At(node->input(0));
  if (tensor.batched() && walker.PlaceOf(node, tensor, node->i(c10::attr::dim)) == Place::kBatch) {
    walker.Refuse(node, "takes the rows of the batch apart");
  }
  Trace part = tensor;
  part.dims.reset();
  PutAll(walker, node, part);
}

// cat, stack: every part must have the batch in the same place.
void Cat(GateWalker& walker, const Node* node) {
  std::vector<Trace> parts;
  const Trace& list = walker.At(node->input(0));
  if (list.elements) parts = *list.elements;
  if (list.element) parts.push_back(*list.element);
  if (parts.empty()) walker.Unproven(node, "joins tensors that are not known");
  const bool stacks = node->kind() == c10::aten::stack;
  Trace out = parts.front();
  out.dims.reset();
  for (const Trace& part : parts) {
    if (!part.is_tensor) walker.Unproven(node, "joins tensors that are not known");
    if (part.batch != out.batch) {
      walker.Unproven(node, "joins a part of the batch with a tensor that has no row for each row");
    }
    if (part.rank.known()) out.rank = part.rank;
  }
  if (out.batched()) {
    const Place place = walker.PlaceOf(node, out, RequireInt(walker, node, "dim"), stacks ? 1 : 0);
    if (place == Place::kBatch && !stacks) {
      walker.Refuse(node, "puts other rows into the batch: it joins along " + Batch(out));
    }
    if (stacks && place != Place::kAfter) out.batch += 1;
  }
  if (stacks) out.rank = out.rank.Plus(1);
  PutAll(walker, node, out);
}

// gather(x, dim, index), scatter(x, dim, index, ...): index and source by rows too.
void Gather(GateWalker& walker, const Node* node) {
  const Trace tensor = walker.At(node->input(0));
  const int64_t dim = RequireInt(walker, node, "dim");
  const std::vector<Trace> tensors = TensorInputs(walker, node);
  if (!AnyBatched(tensors)) return PutAll(walker, node, Fixed(tensor.rank));
  for (const Trace& other : tensors) {
    if (!other.batched() || other.batch != tensor.batch) {
      walker.Unproven(node, "has an index without a row for each row");
    }
  }
  if (walker.PlaceOf(node, tensor, dim) == Place::kBatch) {
    walker.Refuse(node, "moves values between the rows of the batch");
  }
  PutAll(walker, node, tensor);
}

void IndexSelect(GateWalker& walker, const Node* node) {
  const Trace tensor = walker.At(node->input(0));
  const int64_t dim = RequireInt(walker, node, "dim");
  RequireFixed(walker, node, 2);
  if (tensor.batched() && walker.PlaceOf(node, tensor, dim) == Place::kBatch) {
    walker.Refuse(node, "picks some rows out of the batch");
  }
  PutAll(walker, node, tensor);
}

// x[:, index]: None before and at the batch, and one fixed index after it. weight[ids]: a table.
void Index(GateWalker& walker, const Node* node) {
  const Trace tensor = walker.At(node->input(0));
  const Trace& list = walker.At(node->input(1));
  if (!list.elements) walker.Unproven(node, "has an index that is not known");
  const auto& indices = *list.elements;
  if (!tensor.batched()) {
    const bool lone = indices.size() == 1 && indices[0].is_tensor;
    if (!TouchesBatch(list)) return PutAll(walker, node, Fixed(Rank{}));
    if (!lone || !tensor.rank.known() || !indices[0].batched()) {
      walker.Unproven(node, "has an index that varies with the batch");
    }
    Trace out = indices[0];
    out.rank = out.rank.Plus(tensor.rank.offset - 1);
    return PutAll(walker, node, out);
  }
  int fixed = 0;
  for (size_t i = 0; i < indices.size(); ++i) {
    if (indices[i].nothing) continue;
    if (indices[i].batched()) {
      walker.Refuse(node, "picks values by a mask or an index made of the batch");
    }
    if (static_cast<int>(i) <= tensor.batch)
      walker.Refuse(node, "picks some rows out of the batch");
    fixed += 1;
  }
  if (fixed != 1) walker.Unproven(node, "has more than one index");
  Trace out = tensor;
  out.rank = Rank{};
  PutAll(walker, node, out);
}

// ---- Sizes ------------------------------------------------------------------------------------

void Size(GateWalker& walker, const Node* node) {
  const Trace tensor = walker.At(node->input(0));
  const Value* argument = OperatorInput(node, "dim");
  if (argument == nullptr) {
    Trace list;
    list.shape_of = std::make_shared<const Trace>(tensor);
    return PutAll(walker, node, list);
  }
  if (!tensor.batched()) return PutAll(walker, node, NumberTrace(Depends::kShape));
  const auto dim = walker.constants().Int(argument);
  if (!dim) return PutAll(walker, node, NumberTrace(Depends::kBatchDerived));  // it may be
  const bool batch = walker.PlaceOf(node, tensor, *dim) == Place::kBatch;
  PutAll(walker, node, NumberTrace(batch ? Depends::kBatchSize : Depends::kShape));
}

// The rank: a constant if it is known.
void Dim(GateWalker& walker, const Node* node) {
  const Trace& tensor = walker.At(node->input(0));
  if (tensor.rank.known()) {
    walker.constants().Set(node->output(), c10::IValue(static_cast<int64_t>(tensor.rank.offset)));
    return PutAll(walker, node, NumberTrace(Depends::kFixed));
  }
  Trace number = NumberTrace(Depends::kShape);
  number.rank_of = std::max(tensor.rank.base, -1);
  PutAll(walker, node, number);
}

void Numel(GateWalker& walker, const Node* node) {
  const bool batched = walker.At(node->input(0)).batched();
  PutAll(walker, node, NumberTrace(batched ? Depends::kBatchDerived : Depends::kShape));
}

// len(): of a tensor its first size, of a list the number of its elements.
void Len(GateWalker& walker, const Node* node) {
  const Trace& value = walker.At(node->input(0));
  if (value.is_tensor) {
    return PutAll(walker, node,
                  NumberTrace(value.batch == 0 ? Depends::kBatchSize : Depends::kShape));
  }
  if (value.elements) {
    walker.constants().Set(node->output(),
                           c10::IValue(static_cast<int64_t>(value.elements->size())));
  }
  Trace number = NumberTrace(Depends::kShape);
  if (value.shape_of) {
    const Rank& rank = value.shape_of->rank;
    if (rank.known()) {
      walker.constants().Set(node->output(), c10::IValue(static_cast<int64_t>(rank.offset)));
    } else {
      number.rank_of = std::max(rank.base, -1);
    }
  }
  PutAll(walker, node, number);
}

void GetItem(GateWalker& walker, const Node* node) {
  const Trace list = walker.At(node->input(0));
  const auto index = walker.constants().Int(node->input(1));
  if (list.shape_of) {
    if (!list.shape_of->batched()) return PutAll(walker, node, NumberTrace(Depends::kShape));
    if (!index) return PutAll(walker, node, NumberTrace(Depends::kBatchDerived));  // it may be
    const bool batch = walker.PlaceOf(node, *list.shape_of, *index) == Place::kBatch;
    return PutAll(walker, node, NumberTrace(batch ? Depends::kBatchSize : Depends::kShape));
  }
  if (list.elements && index) {
    const auto size = static_cast<int64_t>(list.elements->size());
    const int64_t at = *index < 0 ? *index + size : *index;
    if (at >= 0 && at < size) {
      return PutAll(walker, node, (*list.elements)[static_cast<size_t>(at)]);
    }
  }
  std::optional<Trace> any;
  if (list.element) any = *list.element;
  if (list.elements) {
    for (const Trace& element : *list.elements)
      any = any ? Join(*any, element) : std::optional(element);
  }
  if (!any) {
    if (TouchesBatch(list)) walker.Unproven(node, "takes an element that is not known");
    any = TensorTrace(-1, Rank{});
    any->is_tensor = node->output()->type()->kind() == c10::TypeKind::TensorType;
  }
  PutAll(walker, node, *any);
}

// list.append(x): in place; the list is a value, so its trace changes.
void Append(GateWalker& walker, const Node* node) {
  const Trace list = walker.At(node->input(0));
  const Trace added = walker.At(node->input(1));
  Trace grown;
  std::optional<Trace> any = added;
  if (list.element) any = Join(*any, *list.element);
  if (list.elements) {
    for (const Trace& element : *list.elements) {
      if (any) any = Join(*any, element);
    }
  }
  if (!any) walker.Unproven(node, "collects values that treat the batch differently");
  grown.element = std::make_shared<const Trace>(*std::move(any));
  walker.Put(node->input(0), grown);
  PutAll(walker, node, grown);
}

// list(), list + list and other functions of lists of sizes.
void CopyList(GateWalker& walker, const Node* node) {
  PutAll(walker, node, walker.At(node->input(0)));
}

// Lists compared: a test of sizes.
void CompareSizes(GateWalker& walker, const Node* node) {
  bool touches = false;
  int rank_of = -1;
  for (const Value* input : node->inputs()) {
    const Trace& trace = walker.At(input);
    touches = touches || TouchesBatch(trace);
    if (trace.shape_of) rank_of = std::max(rank_of, trace.shape_of->rank.base);
    rank_of = std::max(rank_of, trace.rank_of);
  }
  Trace number = NumberTrace(touches ? Depends::kBatchDerived : Depends::kShape);
  number.rank_of = touches ? -1 : rank_of;
  PutAll(walker, node, number);
}

// ---- New tensors ------------------------------------------------------------------------------

// zeros(sizes), full, new_zeros: one row for each row if size(0) is among the sizes.
void NewTensor(GateWalker& walker, const Node* node) {
  const Value* list = SizeList(node);
  const std::vector<Trace> sizes = Sizes(walker, node, list);
  const int place = BatchAmong(sizes);
  const Value* fill = OperatorInput(node, "fill_value");
  if (fill != nullptr && TouchesBatch(walker.At(fill))) {
    walker.Refuse(node, "computes with the size of the batch, size(0)");
  }
  Trace out = TensorTrace(place, Rank::Known(static_cast<int>(sizes.size())));
  PutAll(walker, node, out);
}

// arange(n), linspace: numbered elements; numbered rows are not alike.
void Numbered(GateWalker& walker, const Node* node) {
  for (const Value* input : node->inputs()) {
    if (TouchesBatch(walker.At(input))) walker.Refuse(node, "numbers the rows of the batch");
  }
  PutAll(walker, node, Fixed(Rank::Known(node->kind() == c10::aten::eye ? 2 : 1)));
}

void ScalarTensor(GateWalker& walker, const Node* node) {
  if (TouchesBatch(walker.At(node->input(0)))) {
    walker.Refuse(node, "computes with the size of the batch, size(0)");
  }
  const bool scalar = walker.At(node->input(0)).elements == nullptr;
  PutAll(walker, node, Fixed(scalar ? Rank::Known(0) : Rank::Known(1)));
}

// tril, triu: of the last two dimensions.
void Triangle(GateWalker& walker, const Node* node) {
  const Trace tensor = walker.At(node->input(0));
  if (tensor.batched()) walker.AssumeRank(node, tensor, tensor.batch + 3);
  Trace out = tensor;
  out.dims.reset();
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
  for (const char* name : {"aten::chunk", "aten::split", "aten::split_with_sizes", "aten::unbind",
                           "aten::tensor_split", "aten::unsafe_chunk", "aten::unsafe_split"}) {
    rules[name] = Split;
  }
  for (const char* name :
       {"aten::cat", "aten::concat", "aten::concatenate", "aten::stack", "quantized::cat"}) {
    rules[name] = Cat;
  }
  for (const char* name :
       {"aten::gather", "aten::scatter", "aten::scatter_add", "aten::take_along_dim"}) {
    rules[name] = Gather;
  }
  for (const char* name : {"aten::zeros", "aten::ones", "aten::full", "aten::new_zeros",
                           "aten::new_ones", "aten::new_full"}) {
    rules[name] = NewTensor;
  }
  for (const char* name : {"aten::arange", "aten::linspace", "aten::eye", "aten::logspace"}) {
    rules[name] = Numbered;
  }
  for (const char* name : {"aten::tensor", "aten::scalar_tensor", "aten::as_tensor"}) {
    rules[name] = ScalarTensor;
  }
  for (const char* name : {"aten::tril", "aten::triu"}) rules[name] = Triangle;
  rules["aten::flatten"] = Flatten;
  rules["aten::unflatten"] = Unflatten;
  rules["aten::repeat"] = Repeat;
  rules["aten::unsqueeze"] = Unsqueeze;
  rules["aten::squeeze"] = Squeeze;
  rules["aten::t"] = T;
  rules["aten::numpy_T"] = T;
  rules["aten::mT"] = MatrixT;
  rules["aten::permute"] = Permute;
  rules["aten::select"] = Select;
  rules["aten::slice"] = Slice;
  rules["aten::narrow"] = Narrow;
  rules["prim::ConstantChunk"] = ConstantChunk;
  rules["aten::index_select"] = IndexSelect;
  rules["aten::index"] = Index;
  rules["aten::size"] = Size;
  rules["aten::dim"] = Dim;
  rules["aten::numel"] = Numel;
  rules["aten::len"] = Len;
  rules["aten::__getitem__"] = GetItem;
  rules["aten::append"] = Append;
  rules["aten::list"] = CopyList;
  rules["aten::__contains__"] = CompareSizes;
}

}  // namespace flambeau
