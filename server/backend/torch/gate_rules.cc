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
  if (!meets) walker.Refuse(node, "combines rows of the batch with other rows");
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
  // No batch: the largest rank, if all are known.
  Rank rank = Rank::Known(0);
  for (const Trace& tensor : tensors) {
    if (!tensor.rank.known()) return TensorTrace(-1, Rank{});
    rank = Rank::Known(std::max(rank.offset, tensor.rank.offset));
  }
  return TensorTrace(-1, rank);
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
    AddShapeRules(all);
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
