#include "repository/seen_shapes.h"

#include <algorithm>
#include <utility>

namespace flambeau {
namespace {

bool Agree(const Shape& known, const Shape& seen) {
  if (known.size() != seen.size() || known[0] != -1) return false;
  for (size_t i = 1; i < seen.size(); ++i) {
    if (known[i] != -1 && known[i] != seen[i]) return false;
  }
  return true;
}

class SeenModel final : public Model {
 public:
  SeenModel(std::shared_ptr<Model> model, const SeenShapes& seen)
      : model_(std::move(model)), facts_(model_->facts()) {
    const size_t methods = std::min(seen.size(), facts_.methods.size());
    for (size_t i = 0; i < methods; ++i) Complete(seen[i], &facts_.methods[i]);
  }
  const Facts& facts() const override { return facts_; }
  Result<std::unique_ptr<Instance>> NewInstance() override { return model_->NewInstance(); }
  Result<std::unique_ptr<Instance>> NewProbe() override { return model_->NewProbe(); }

 private:
  const std::shared_ptr<Model> model_;
  Facts facts_;
};

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
  const size_t arguments = std::min(seen.size(), method->arguments.size());
  for (size_t i = 0; i < arguments; ++i) {
    ArgumentFact& argument = method->arguments[i];
    if (!seen[i] || argument.kind != ValueKind::kTensor) continue;
    TensorFact& fact = argument.tensor;
    if (!CanComplete(*seen[i], fact)) continue;
    fact.dims = seen[i]->dims;
    if (!fact.dtype || fact.dtype_source == FactSource::kUnknown) fact.dtype = seen[i]->dtype;
  }
}

void Observe(const SeenArguments& seen, MethodFacts* method) {
  const size_t arguments = std::min(seen.size(), method->arguments.size());
  for (size_t i = 0; i < arguments; ++i) {
    ArgumentFact& argument = method->arguments[i];
    if (!seen[i] || argument.kind != ValueKind::kTensor) continue;
    TensorFact& fact = argument.tensor;
    if (fact.dtype_source == FactSource::kUnknown) {
      fact.dtype = seen[i]->dtype;
      fact.dtype_source = FactSource::kObserved;
    }
    if (fact.dims_source == FactSource::kUnknown) {
      fact.dims = seen[i]->dims;
      fact.dims_source = FactSource::kObserved;
    }
  }
}

std::shared_ptr<Model> WithSeenShapes(std::shared_ptr<Model> model, const SeenShapes& seen) {
  if (!Any(seen)) return model;
  return std::make_shared<SeenModel>(std::move(model), seen);
}

}  // namespace flambeau
