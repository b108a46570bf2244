#include <algorithm>

#include "backend/torch/gate_rules.h"

namespace flambeau {
namespace {

using Place = GateWalker::Place;
using torch::jit::Node;
using torch::jit::Value;

std::string Dimension(int dim) { return "dimension " + std::to_string(dim) + ", the batch"; }

// Along a dimension that stays: softmax, cumsum, sort, flip.
void AlongDimension(GateWalker& walker, const Node* node) {
  const Trace tensor = walker.At(node->input(0));
  if (!tensor.batched()) return PutAll(walker, node, TensorTrace(-1, tensor.rank));
  const Value* argument = OperatorInput(node, "dim");
  if (argument == nullptr) argument = OperatorInput(node, "dims");
  const auto dims = walker.constants().Ints(argument);
  if (!dims || dims->empty()) {
    walker.Refuse(node, "works along all dimensions or one that is not constant");
  }
  for (const int64_t dim : *dims) {
    if (walker.PlaceOf(node, tensor, dim) == Place::kBatch) {
      walker.Refuse(node, "mixes the rows of a batch: it works along " + Dimension(tensor.batch));
    }
  }
  PutAll(walker, node, tensor);
}

// max(x, y) is element by element; max(x) and max(x, dim) reduce.
bool IsBinary(GateWalker& walker, const Node* node) {
  const Value* other = OperatorInput(node, "other");
  return other != nullptr && walker.At(other).is_tensor;
}

// all, any, max, ... of a list of numbers.
void ReduceList(GateWalker& walker, const Node* node) {
  Trace number = NumberTrace(TouchesBatch(walker.At(node->input(0))) ? Depends::kBatchDerived
                                                                     : Depends::kShape);
  PutAll(walker, node, number);
}

void Reduce(GateWalker& walker, const Node* node) {
  if (node->input(0)->type()->kind() == c10::TypeKind::ListType) return ReduceList(walker, node);
  if (IsBinary(walker, node)) {
    return PutAll(walker, node, Broadcast(walker, node, TensorInputs(walker, node)));
  }
  const Trace tensor = walker.At(node->input(0));
  if (!tensor.batched()) {
    // Numbers: max(a, b).
    return PutAll(walker, node, TensorTrace(-1, Rank{}));
  }
  const Value* argument = OperatorInput(node, "dim");
  const auto dims = walker.constants().Ints(argument);
  if (argument == nullptr || walker.constants().IsNone(argument) || (dims && dims->empty())) {
    walker.Refuse(node, "mixes the rows of a batch: it reduces all dimensions");
  }
  if (!dims) walker.Refuse(node, "reduces a dimension that is not constant");
  int before = 0;
  for (const int64_t dim : *dims) {
    const Place place = walker.PlaceOf(node, tensor, dim);
    if (place == Place::kBatch) {
      walker.Refuse(node, "mixes the rows of a batch: it reduces " + Dimension(tensor.batch));
    }
    if (place == Place::kBefore) before += 1;
  }
  Trace out = tensor;
  const Value* keep = OperatorInput(node, "keepdim");
  if (keep == nullptr || !walker.constants().Bool(keep).value_or(false)) {
    out.batch -= before;
    out.rank = tensor.rank.Plus(-static_cast<int>(dims->size()));
  }
  PutAll(walker, node, out);
}

// roll(x, shifts, dims): without dims, over all.
void Roll(GateWalker& walker, const Node* node) { AlongDimension(walker, node); }

// Two tensors, a dimension of their broadcast form that goes: cosine_similarity.
void CosineSimilarity(GateWalker& walker, const Node* node) {
  const Trace both = Broadcast(walker, node, TensorInputs(walker, node));
  const auto dim = walker.constants().Int(OperatorInput(node, "dim"));
  if (!dim) walker.Unproven(node, "works along a dimension that is not constant");
  if (both.batched() && walker.PlaceOf(node, both, *dim) == Place::kBatch) {
    walker.Refuse(node, "mixes the rows of a batch: it reduces " + Dimension(both.batch));
  }
  Trace out = both;
  out.rank = both.rank.Plus(-1);
  if (both.batched() && *dim >= 0 && *dim < both.batch) out.batch -= 1;
  PutAll(walker, node, out);
}

void PairwiseDistance(GateWalker& walker, const Node* node) {
  const Trace both = Broadcast(walker, node, TensorInputs(walker, node));
  if (both.batched()) walker.AssumeRank(node, both, both.batch + 2);
  Trace out = both;
  out.rank = both.rank.Plus(-1);
  PutAll(walker, node, out);
}

}  // namespace

void AddDimensionRules(GateRules& rules) {
  for (const char* name :
       {"aten::softmax", "aten::log_softmax", "aten::cumsum", "aten::cumprod", "aten::cummax",
        "aten::cummin", "aten::logcumsumexp", "aten::sort", "aten::argsort", "aten::flip",
        "aten::topk", "aten::glu", "aten::_softmax", "aten::_log_softmax", "aten::softmin",
        "aten::renorm", "aten::gumbel_softmax"}) {
    rules[name] = AlongDimension;
  }
  for (const char* name : {"aten::sum",
                           "aten::mean",
                           "aten::amax",
                           "aten::amin",
                           "aten::max",
                           "aten::min",
                           "aten::argmax",
                           "aten::argmin",
                           "aten::prod",
                           "aten::std",
                           "aten::var",
                           "aten::norm",
                           "aten::logsumexp",
                           "aten::all",
                           "aten::any",
                           "aten::median",
                           "aten::mode",
                           "aten::kthvalue",
                           "aten::linalg_vector_norm",
                           "aten::nansum",
                           "aten::nanmean",
                           "aten::std_mean",
                           "aten::var_mean",
                           "aten::frobenius_norm",
                           "aten::count_nonzero"}) {
    rules[name] = Reduce;
  }
  rules["aten::roll"] = Roll;
  rules["aten::cosine_similarity"] = CosineSimilarity;
  rules["aten::pairwise_distance"] = PairwiseDistance;
}

}  // namespace flambeau
