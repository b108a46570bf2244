#include "repository/observed_signature.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "backend/fact_rules.h"

namespace flambeau {
namespace {

// A float says more than an integer: {"input": [1, 2]} may have been meant as floats.
bool BetterDType(DType seen, DType known) { return IsFloat(seen) && !IsFloat(known); }

bool DTypeIsNews(const TensorFact& fact, DType seen) {
  if (IsFirm(fact.dtype_source)) return false;
  return !fact.dtype.has_value() || BetterDType(seen, *fact.dtype);
}

bool DimsAreNews(const TensorFact& fact, const Shape& seen) {
  if (IsFirm(fact.dims_source)) return false;
  if (fact.dims_source == FactSource::kUnknown) return true;
  if (!fact.dims.has_value()) return false;  // the rank varies: nothing left to learn
  if (fact.dims->size() != seen.size()) return true;
  for (size_t i = 1; i < seen.size(); ++i) {
    if ((*fact.dims)[i] != -1 && (*fact.dims)[i] != seen[i]) return true;
  }
  return false;
}

bool IsNews(const TensorFact& fact, const Tensor& seen) {
  return DTypeIsNews(fact, seen.dtype()) || DimsAreNews(fact, seen.shape());
}

void LearnDims(const Shape& seen, TensorFact* fact) {
  if (fact->dims_source == FactSource::kUnknown) {
    fact->dims_source = FactSource::kObserved;
    fact->dims = seen;
    if (!seen.empty()) fact->dims->front() = -1;
    return;
  }
  if (fact->dims->size() != seen.size()) {
    fact->dims.reset();
    return;
  }
  for (size_t i = 1; i < seen.size(); ++i) {
    if ((*fact->dims)[i] != seen[i]) (*fact->dims)[i] = -1;
  }
}

void Learn(const Tensor& seen, TensorFact* fact) {
  if (DTypeIsNews(*fact, seen.dtype())) {
    fact->dtype = seen.dtype();
    fact->dtype_source = FactSource::kObserved;
  }
  if (DimsAreNews(*fact, seen.shape())) LearnDims(seen.shape(), fact);
}

// Walks a result's leaves in the order of Flatten, without making names or copies.
struct LeafChecker {
  const std::vector<ResultFact>* facts;
  size_t* next;
  bool* news;

  void Leaf(const Tensor* tensor) const {
    const size_t i = (*next)++;
    if (i >= facts->size()) {
      *news = true;
      return;
    }
    const TensorFact& fact = (*facts)[i].tensor;
    const bool scalar_news = fact.dtype_source == FactSource::kUnknown;
    if (tensor == nullptr ? scalar_news : IsNews(fact, *tensor)) *news = true;
  }
  void operator()(const None&) const {}
  void operator()(const Tensor& tensor) const { Leaf(&tensor); }
  void operator()(const ValueList& list) const {
    for (const Value& item : list.items) std::visit(*this, item.data);
  }
  void operator()(const ValueTuple& tuple) const {
    for (const Value& item : tuple.items) std::visit(*this, item.data);
  }
  void operator()(const ValueDict& dict) const {
    for (const auto& [key, item] : dict.items) std::visit(*this, item.data);
  }
  template <typename Scalar>
  void operator()(const Scalar&) const {
    Leaf(nullptr);
  }
};

bool ArgumentsAreNews(const MethodFacts& facts, std::span<const Value> arguments) {
  const size_t count = std::min(arguments.size(), facts.arguments.size());
  for (size_t i = 0; i < count; ++i) {
    const Tensor* tensor = arguments[i].tensor();
    if (tensor != nullptr && facts.arguments[i].kind == ValueKind::kTensor &&
        IsNews(facts.arguments[i].tensor, *tensor)) {
      return true;
    }
  }
  return false;
}

bool ResultIsNews(const MethodFacts& facts, const Value& result) {
  size_t leaves = 0;
  bool news = false;
  std::visit(LeafChecker{&facts.results, &leaves, &news}, result.data);
  return news || leaves != facts.results.size();
}

void LearnArguments(std::span<const Value> arguments, MethodFacts* facts) {
  const size_t count = std::min(arguments.size(), facts->arguments.size());
  for (size_t i = 0; i < count; ++i) {
    const Tensor* tensor = arguments[i].tensor();
    if (tensor != nullptr && facts->arguments[i].kind == ValueKind::kTensor) {
      Learn(*tensor, &facts->arguments[i].tensor);
    }
  }
}

// False if this result has other names than the ones known.
bool LearnResult(const Value& result, MethodFacts* facts) {
  const std::vector<NamedTensor> leaves = Flatten(result);
  if (facts->results.empty()) {
    for (const NamedTensor& leaf : leaves) facts->results.push_back({leaf.name, {}});
  }
  bool same = leaves.size() == facts->results.size();
  for (size_t i = 0; same && i < leaves.size(); ++i) {
    same = leaves[i].name == facts->results[i].name;
  }
  if (!same) return false;
  for (size_t i = 0; i < leaves.size(); ++i) Learn(leaves[i].tensor, &facts->results[i].tensor);
  return true;
}

}  // namespace

ObservedSignature::ObservedSignature(MethodFacts facts, Show show) : show_(std::move(show)) {
  Set(std::make_shared<const MethodFacts>(std::move(facts)));
}

std::shared_ptr<const MethodFacts> ObservedSignature::snapshot() const {
  std::lock_guard lock(mutex_);
  return shown_;
}

std::shared_ptr<const MethodFacts> ObservedSignature::known() const {
  std::lock_guard lock(mutex_);
  return facts_;
}

void ObservedSignature::Set(std::shared_ptr<const MethodFacts> facts) {
  facts_ = std::move(facts);
  shown_ = facts_;
  if (show_ == nullptr) return;
  auto shown = std::make_shared<MethodFacts>(*facts_);
  show_(shown.get());
  shown_ = std::move(shown);
}

void ObservedSignature::Observe(std::span<const Value> arguments, const Value& result) {
  const std::shared_ptr<const MethodFacts> facts_now = known();
  const bool results = !results_vary_.load(std::memory_order_relaxed);
  if (!ArgumentsAreNews(*facts_now, arguments) && !(results && ResultIsNews(*facts_now, result))) {
    return;
  }
  std::lock_guard lock(mutex_);
  auto facts = std::make_shared<MethodFacts>(*facts_);
  LearnArguments(arguments, facts.get());
  if (results && !LearnResult(result, facts.get())) results_vary_ = true;
  Set(std::move(facts));
}

void ObservedSignature::SetProof(const Proof& proof, bool first) {
  std::lock_guard lock(mutex_);
  if (first && verdict_set_) return;
  verdict_set_ = true;
  auto facts = std::make_shared<MethodFacts>(*facts_);
  facts->static_proof = proof;
  Set(std::move(facts));
}

}  // namespace flambeau
