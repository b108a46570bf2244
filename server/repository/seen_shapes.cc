#include "repository/seen_shapes.h"

#include <algorithm>
#include <utility>

#include "repository/model_with_facts.h"

namespace flambeau {
namespace {

bool Agree(const Shape& known, const Shape& seen) {
  if (known.size() != seen.size() || known[0] != -1) return false;
  for (size_t i = 1; i < seen.size(); ++i) {
    if (known[i] != -1 && known[i] != seen[i]) return false;
  }
  return true;
}

// Calls `with` (the seen tensor, the argument's fact) for each argument of which one was seen.
template <typename With>
void ForEachSeen(const SeenArguments& seen, MethodFacts* method, const With& with) {
  const size_t arguments = std::min(seen.size(), method->arguments.size());
  for (size_t i = 0; i < arguments; ++i) {
    ArgumentFact& argument = method->arguments[i];
    if (seen[i] && argument.kind == ValueKind::kTensor) with(*seen[i], &argument.tensor);
  }
}

}  // namespace

bool Any(const SeenShapes& seen) {
  return std::any_of(seen.begin(), seen.end(), [](const auto& method) { return !method.empty(); });
}

SeenShapes Merge(SeenShapes seen, const SeenShapes& before) {
  seen.resize(std::max(seen.size(), before.size()));
  for (size_t i = 0; i < before.size(); ++i) {
    if (seen[i].empty()) seen[i] = before[i];
  }
  return seen;
}

SeenArguments ShapesOf(const std::vector<Value>& arguments) {
  SeenArguments seen;
  for (const Value& argument : arguments) {
    std::optional<SeenTensor>& one = seen.emplace_back();
    const Tensor* const tensor = argument.tensor();
    if (tensor == nullptr || tensor->shape().empty()) continue;
    one = SeenTensor{tensor->dtype(), tensor->shape()};
    one->dims[0] = -1;
  }
  return seen;
}

bool CanComplete(const SeenTensor& seen, const TensorFact& fact) {
  if (!fact.dims) return true;
  if (!fact.any_rank) return Agree(*fact.dims, seen.dims);
  return fact.dims->back() == -1 || fact.dims->back() == seen.dims.back();  // alone certain
}

void Complete(const SeenArguments& seen, MethodFacts* method) {
  ForEachSeen(seen, method, [](const SeenTensor& tensor, TensorFact* fact) {
    if (!CanComplete(tensor, *fact)) return;
    fact->dims = tensor.dims;
    if (!fact->dtype || fact->dtype_source == FactSource::kUnknown) fact->dtype = tensor.dtype;
  });
}

void Observe(const SeenArguments& seen, MethodFacts* method) {
  ForEachSeen(seen, method, [](const SeenTensor& tensor, TensorFact* fact) {
    if (fact->dtype_source == FactSource::kUnknown) {
      fact->dtype = tensor.dtype;
      fact->dtype_source = FactSource::kObserved;
    }
    if (fact->dims_source == FactSource::kUnknown) {
      fact->dims = tensor.dims;
      fact->dims_source = FactSource::kObserved;
    }
  });
}

std::shared_ptr<Model> WithSeenShapes(std::shared_ptr<Model> model, const SeenShapes& seen) {
  if (!Any(seen)) return model;
  Facts facts = model->facts();
  const size_t methods = std::min(seen.size(), facts.methods.size());
  for (size_t i = 0; i < methods; ++i) Complete(seen[i], &facts.methods[i]);
  return std::make_shared<ModelWithFacts>(std::move(model), std::move(facts));
}

}  // namespace flambeau
