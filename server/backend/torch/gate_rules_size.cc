#include <algorithm>
#include <utility>

#include "backend/torch/gate_rules.h"

namespace flambeau {
namespace {

using Place = GateWalker::Place;
using torch::jit::Node;
using torch::jit::Value;

// A size of a tensor without the batch: a constant if it is known.
void FixedSize(GateWalker& walker, const Node* node, const Trace& tensor,
               std::optional<int64_t> dim) {
  if (tensor.dims && dim) {
    const auto rank = static_cast<int64_t>(tensor.dims->size());
    const int64_t at = *dim < 0 ? *dim + rank : *dim;
    if (at >= 0 && at < rank && (*tensor.dims)[static_cast<size_t>(at)] >= 0) {
      Trace number = NumberTrace(Depends::kFixed);
      number.number = (*tensor.dims)[static_cast<size_t>(at)];
      walker.constants().Set(node->output(), c10::IValue(*number.number));
      return PutAll(walker, node, number);
    }
  }
  PutAll(walker, node, NumberTrace(Depends::kShape));
}

void Size(GateWalker& walker, const Node* node) {
  const Trace tensor = walker.At(node->input(0));
  const Value* argument = OperatorInput(node, "dim");
  if (argument == nullptr) {
    Trace list;
    list.shape_of = std::make_shared<const Trace>(tensor);
    return PutAll(walker, node, list);
  }
  const auto dim = walker.constants().Int(argument);
  if (!tensor.batched()) return FixedSize(walker, node, tensor, dim);
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
  if (list.elements && !walker.in_loop()) {
    std::vector<Trace> elements = *list.elements;
    elements.push_back(added);
    const Trace longer = ListTrace(std::move(elements));
    walker.Put(node->input(0), longer);
    return PutAll(walker, node, longer);
  }
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

}  // namespace

std::vector<Trace> SizesOf(GateWalker& walker, const Node* node, const Value* list) {
  if (list != nullptr) {
    const Trace& trace = walker.At(list);
    if (trace.elements) return *trace.elements;
    if (!trace.element && !trace.shape_of && trace.depends == Depends::kFixed) {
      if (const auto ints = walker.constants().Ints(list)) {
        std::vector<Trace> sizes(ints->size(), NumberTrace(Depends::kFixed));
        for (size_t i = 0; i < sizes.size(); ++i) sizes[i].number = (*ints)[i];
        return sizes;
      }
    }
    if (trace.shape_of && !trace.shape_of->rank.known()) {
      walker.NeedsRank(node, trace.shape_of->rank, "takes a shape that is not known");
    }
    if (trace.shape_of) {
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

void ConcatenateLists(GateWalker& walker, const Node* node) {
  std::vector<Trace> elements;
  for (size_t i = 0; i < 2; ++i) {
    for (const Trace& element : SizesOf(walker, node, node->input(i))) elements.push_back(element);
  }
  walker.Put(node->output(), ListTrace(std::move(elements)));
}

// list * n: of a length that must be known.
void RepeatList(GateWalker& walker, const Node* node) {
  for (const Value* input : node->inputs()) {
    const int rank_of = walker.At(input).rank_of;
    if (rank_of >= 0) throw GateStop{Verdict::kUnproven, "A shape depends on a rank.", rank_of};
    if (walker.constants().Int(input).value_or(0) < 0) walker.Raises(node);  // LibTorch's own limit
  }
  walker.Unproven(node, "makes a list of a length that is not known");
}

void AddSizeRules(GateRules& rules) {
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
