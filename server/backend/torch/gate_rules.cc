#include "backend/torch/gate_rules.h"

#include <algorithm>
#include <array>
#include <unordered_set>

namespace flambeau {
namespace {

using torch::jit::Node;
using torch::jit::Value;

void Collect(const Trace& trace, std::vector<Trace>& tensors) {
  if (trace.is_tensor) tensors.push_back(trace);
  if (trace.element) Collect(*trace.element, tensors);
  if (!trace.elements) return;
  for (const Trace& element : *trace.elements) Collect(element, tensors);
}

// How many dimensions of a fixed tensor can meet another's: leading ones of size 1 cannot.
std::optional<int> EffectiveRank(const Trace& fixed) {
  if (fixed.dims) {
    const auto first = std::find_if(fixed.dims->begin(), fixed.dims->end(),
                                    [](int64_t size) { return size != 1; });
    return static_cast<int>(fixed.dims->end() - first);
  }
  if (fixed.rank.known()) return fixed.rank.offset;
  return std::nullopt;
}

// A fixed tensor must not have a size of its own where the batch is.
void MeetFixed(GateWalker& walker, const Node* node, const Trace& batched, const Trace& fixed) {
  const auto rank = EffectiveRank(fixed);
  if (!rank) {
    walker.Unproven(node, "combines the batch with a tensor whose dimensions are not known");
  }
  if (*rank == 0) return;
  if (batched.rank.known() && batched.rank.offset - batched.batch <= *rank) {
    const auto place = static_cast<size_t>(batched.rank.offset - batched.batch);
    if (fixed.dims && place <= fixed.dims->size() &&
        (*fixed.dims)[fixed.dims->size() - place] == 1) {
      return;
    }
    walker.Refuse(node, "combines the batch with a constant that has a row for each row");
  }
  walker.AssumeRank(node, batched, *rank + batched.batch + 1);
}

// The batch dimensions of two tensors must meet. Counted from the end where both ranks are known.
void MeetBatched(GateWalker& walker, const Node* node, const Trace& a, const Trace& b) {
  bool meets = a.batch == b.batch;
  if (a.rank.base == b.rank.base && a.rank.base != Rank::kAnything) {
    meets = a.rank.offset - a.batch == b.rank.offset - b.batch;
  }
  if (!meets || a.interleaved != b.interleaved) {
    walker.Refuse(node, "combines rows of the batch with other rows");
  }
}

// No batch: the largest rank, if all are known, and where all have size 1, so has the result.
Trace BroadcastFixed(const std::vector<Trace>& tensors) {
  size_t rank = 0;
  for (const Trace& tensor : tensors) {
    if (!tensor.rank.known()) return TensorTrace(-1, Rank{});
    rank = std::max(rank, static_cast<size_t>(std::max(tensor.rank.offset, 0)));
  }
  Trace out = TensorTrace(-1, Rank::Known(static_cast<int>(rank)));
  out.dims = std::vector<int64_t>(rank, 1);
  for (const Trace& tensor : tensors) {
    const auto own = static_cast<size_t>(std::max(tensor.rank.offset, 0));
    for (size_t i = 0; i < own; ++i) {
      if (!tensor.dims || (*tensor.dims)[i] != 1) (*out.dims)[rank - own + i] = -1;
    }
  }
  return out;
}

bool IsLarger(const Trace& a, const Trace& b) {
  return a.rank.base == b.rank.base && a.rank.offset > b.rank.offset;
}

}  // namespace

std::vector<Trace> TensorInputs(GateWalker& walker, const Node* node) {
  std::vector<Trace> tensors;
  for (const Value* input : node->inputs()) Collect(walker.At(input), tensors);
  return tensors;
}

bool AnyBatched(const std::vector<Trace>& tensors) {
  return std::any_of(tensors.begin(), tensors.end(), [](const Trace& t) { return t.batched(); });
}

void RequireFixed(GateWalker& walker, const Node* node, size_t first) {
  for (size_t i = first; i < node->inputs().size(); ++i) {
    if (TouchesBatch(walker.At(node->input(i)))) {
      walker.Unproven(node, "takes weights that depend on the batch");
    }
  }
}

Trace Broadcast(GateWalker& walker, const Node* node, const std::vector<Trace>& tensors) {
  const Trace* result = nullptr;
  for (const Trace& tensor : tensors) {
    if (!tensor.batched()) continue;
    if (result != nullptr) MeetBatched(walker, node, *result, tensor);
    if (result == nullptr || IsLarger(tensor, *result)) result = &tensor;
  }
  if (result != nullptr) {
    for (const Trace& tensor : tensors) {
      if (tensor.is_tensor && !tensor.batched()) MeetFixed(walker, node, *result, tensor);
    }
    Trace out = *result;
    out.dims.reset();
    return out;
  }
  return BroadcastFixed(tensors);
}

Trace FixedTensor(Rank rank) { return TensorTrace(-1, rank); }

std::string BatchDimension(const Trace& tensor) {
  return "dimension " + std::to_string(tensor.batch) + ", the batch";
}

int64_t RequireInt(GateWalker& walker, const Node* node, const char* name) {
  const auto value = walker.constants().Int(OperatorInput(node, name));
  if (!value) walker.Unproven(node, "works along a dimension that is not constant");
  return *value;
}

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

void RequireBatchFirst(GateWalker& walker, const Node* node, const Trace& tensor) {
  if (tensor.batch != 0) {
    walker.Unproven(node, "takes the batch in dimension " + std::to_string(tensor.batch));
  }
}

void PutAll(GateWalker& walker, const Node* node, const Trace& trace) {
  for (const Value* output : node->outputs()) walker.Put(output, trace);
}

GateRule FindGateRule(const std::string& name) {
  static const GateRules rules = [] {
    GateRules all;
    AddElementwiseRules(all);
    AddDimensionRules(all);
    AddLayerRules(all);
    AddSequenceRules(all);
    AddShapeRules(all);
    AddPartRules(all);
    AddSizeRules(all);
    AddStructureRules(all);
    return all;
  }();
  const auto rule = rules.find(name);
  return rule == rules.end() ? nullptr : rule->second;
}

bool DrawsRandomNumbers(const std::string& name) {
  static const std::unordered_set<std::string> names = {
      "aten::rand",        "aten::rand_like",    "aten::randn",           "aten::randn_like",
      "aten::randint",     "aten::randint_like", "aten::randperm",        "aten::normal",
      "aten::normal_",     "aten::uniform",      "aten::uniform_",        "aten::random",
      "aten::random_",     "aten::bernoulli",    "aten::bernoulli_",      "aten::multinomial",
      "aten::poisson",     "aten::binomial",     "aten::exponential_",    "aten::exponential",
      "aten::cauchy_",     "aten::geometric_",   "aten::log_normal_",     "aten::native_dropout",
      "aten::manual_seed", "aten::seed",         "aten::rrelu_with_noise"};
  return names.count(name) != 0;
}

}  // namespace flambeau
