#include <algorithm>
#include <utility>

#include "backend/torch/gate_rules.h"

namespace flambeau {
namespace {

using Place = GateWalker::Place;
using torch::jit::Node;
using torch::jit::Value;

// A fixed tensor after `dim` was cut (its size is then unknown) or has gone.
Trace FixedWithout(GateWalker& walker, const Node* node, const Trace& tensor, bool gone) {
  Trace out = FixedTensor(tensor.rank.Plus(gone ? -1 : 0));
  auto dim = walker.constants().Int(OperatorInput(node, "dim"));
  if (!tensor.dims || !dim) return out;
  const auto rank = static_cast<int64_t>(tensor.dims->size());
  if (*dim < 0) *dim += rank;
  if (*dim < 0 || *dim >= rank) return out;
  out.dims = tensor.dims;
  if (gone) {
    out.dims->erase(out.dims->begin() + *dim);
  } else if ((*out.dims)[static_cast<size_t>(*dim)] != 1) {
    (*out.dims)[static_cast<size_t>(*dim)] = -1;
  }
  return out;
}

void Select(GateWalker& walker, const Node* node) {
  const Trace tensor = walker.At(node->input(0));
  if (!tensor.batched()) return PutAll(walker, node, FixedWithout(walker, node, tensor, true));
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
      std::vector<Trace> all = SizesOf(walker, node, node->input(0));
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
    return PutAll(walker, node, TouchesBatch(tensor) ? tensor : Trace());
  }
  if (!tensor.batched()) return PutAll(walker, node, FixedWithout(walker, node, tensor, false));
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
      walker.Refuse(node, "puts other rows into the batch: it joins along " + BatchDimension(out));
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
  if (!AnyBatched(tensors)) {
    Trace out = FixedTensor(tensor.rank);
    const Value* index = OperatorInput(node, "index");
    if (node->kind() == c10::aten::gather && index != nullptr) out = walker.At(index);
    return PutAll(walker, node, out);
  }
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

// Is `value` an argument as it came, so that dimension 0 has an entry for each row?
bool IsArgument(const Value* value) {
  while (value->node()->kind() == c10::aten::to || value->node()->kind() == c10::aten::contiguous) {
    value = value->node()->input(0);
  }
  return IsMethodArgument(value);
}

// x[row_index, index, ...]: of each row its own values. The other indices are the same for all
// rows.
void IndexOwnRow(GateWalker& walker, const Node* node, const std::vector<Trace>& indices) {
  const Trace tensor = walker.At(node->input(0));
  for (const Trace& index : indices) {
    if (!index.is_tensor || (index.numbers_rows && !index.row_index)) {
      walker.Unproven(node, "has an index that is not known");
    }
  }
  if (!IsArgument(node->input(0)) || !indices[0].row_index) {
    walker.Refuse(node, "takes numbers of the rows of the batch");
  }
  const Trace place = Broadcast(walker, node, indices);
  const int count = static_cast<int>(indices.size());
  if (place.batch != 0 || !place.rank.known()) walker.Unproven(node, "moves the batch");
  walker.AssumeRank(node, tensor, count);
  PutAll(walker, node, TensorTrace(0, tensor.rank.Plus(place.rank.offset - count)));
}

// x[:, index]: None before and at the batch, and one fixed index after it. weight[ids]: a table.
void Index(GateWalker& walker, const Node* node) {
  const Trace tensor = walker.At(node->input(0));
  const Trace& list = walker.At(node->input(1));
  if (!list.elements) walker.Unproven(node, "has an index that is not known");
  const auto& indices = *list.elements;
  if (NumbersRows(list)) return IndexOwnRow(walker, node, indices);
  if (!tensor.batched()) {
    const bool lone = indices.size() == 1 && indices[0].is_tensor;
    if (!TouchesBatch(list)) return PutAll(walker, node, FixedTensor(Rank{}));
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

// ---- New tensors ------------------------------------------------------------------------------

// zeros(sizes), full, new_zeros: one row for each row if size(0) is among the sizes.
void NewTensor(GateWalker& walker, const Node* node) {
  const Value* list = SizeList(node);
  const std::vector<Trace> sizes = SizesOf(walker, node, list);
  const int place = BatchAmong(sizes);
  const Value* fill = OperatorInput(node, "fill_value");
  if (fill != nullptr && TouchesBatch(walker.At(fill))) {
    walker.Refuse(node, "computes with the size of the batch, size(0)");
  }
  Trace out = TensorTrace(place, Rank::Known(static_cast<int>(sizes.size())));
  PutAll(walker, node, out);
}

// A number, whatever a trace has made of it.
const Value* NumberOf(const Value* value) {
  while (value->node()->kind() == c10::prim::NumToTensor ||
         value->node()->kind() == c10::aten::Int ||
         value->node()->kind() == c10::aten::IntImplicit ||
         value->node()->kind() == c10::aten::ScalarImplicit) {
    value = value->node()->input(0);
  }
  return value;
}

// arange(0, x.numel(), x.size(1)) of a batch of rows: where each begins. Null if it is another.
const Value* NumberedRows(GateWalker& walker, const Node* node) {
  if (OperatorInput(node, "step") == nullptr) return nullptr;
  // LibTorch 2.11 has no name for it.
  const auto numel = c10::Symbol::fromQualString("aten::numel");
  const Node* end = NumberOf(node->input(1))->node();
  const Node* step = NumberOf(node->input(2))->node();
  if (walker.constants().Int(node->input(0)) != 0 || end->kind() != numel ||
      step->kind() != c10::aten::size || step->inputs().size() != 2 ||
      end->input(0) != step->input(0) || walker.constants().Int(step->input(1)) != 1) {
    return nullptr;
  }
  const Trace& rows = walker.At(end->input(0));
  const bool plain = rows.batch == 0 && !rows.interleaved && rows.rank == Rank::Known(2);
  return plain ? end->input(0) : nullptr;
}

// arange(x.size(0)): each row's own number.
bool IsRowIndex(GateWalker& walker, const Node* node) {
  const Value* end = OperatorInput(node, "end");
  if (node->kind() != c10::aten::arange || end == nullptr) return false;
  const Value* start = OperatorInput(node, "start");
  const Value* step = OperatorInput(node, "step");
  return (start == nullptr || walker.constants().Int(start) == 0) &&
         (step == nullptr || walker.constants().Int(step) == 1) &&
         walker.At(end).depends == Depends::kBatchSize;
}

// arange(n), linspace: numbered elements; numbered rows are not alike.
void Numbered(GateWalker& walker, const Node* node) {
  if (const Value* rows = NumberedRows(walker, node)) {
    Trace starts = TensorTrace(0, Rank::Known(1));
    starts.numbers_rows = true;
    starts.rows_of = rows;
    return PutAll(walker, node, starts);
  }
  if (IsRowIndex(walker, node)) {
    Trace index = TensorTrace(0, Rank::Known(1));
    index.numbers_rows = true;
    index.row_index = true;
    return PutAll(walker, node, index);
  }
  for (const Value* input : node->inputs()) {
    if (TouchesBatch(walker.At(input))) walker.Refuse(node, "numbers the rows of the batch");
  }
  Trace out = FixedTensor(Rank::Known(node->kind() == c10::aten::eye ? 2 : 1));
  out.dims = std::vector<int64_t>(static_cast<size_t>(out.rank.offset), -1);
  PutAll(walker, node, out);
}

void ScalarTensor(GateWalker& walker, const Node* node) {
  if (TouchesBatch(walker.At(node->input(0)))) {
    walker.Refuse(node, "computes with the size of the batch, size(0)");
  }
  const bool scalar = walker.At(node->input(0)).elements == nullptr;
  PutAll(walker, node, FixedTensor(scalar ? Rank::Known(0) : Rank::Known(1)));
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

void AddPartRules(GateRules& rules) {
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
  rules["aten::select"] = Select;
  rules["aten::slice"] = Slice;
  rules["aten::narrow"] = Narrow;
  rules["prim::ConstantChunk"] = ConstantChunk;
  rules["aten::index_select"] = IndexSelect;
  rules["aten::index"] = Index;
}

}  // namespace flambeau
