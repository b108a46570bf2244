#include "repository/learning.h"

#include <algorithm>
#include <utility>

#include "batching/row_source.h"
#include "batching/verdicts.h"

namespace flambeau {
namespace {

constexpr uint64_t kSeed = 1;
// Requests that are looked at for shapes. Of integers without a limit, or of a bool, no rows can be
// made up, whatever their shape.
constexpr int kMaxTries = 8;

// Two of them, at least: a client that sends a very large one must not decide what is tried.
bool HasRows(const MethodFacts& method) {
  const auto source = RowSource::FromFacts(method, kSeed);
  return source && source->Affordable(2) == 2;
}

}  // namespace

Learning::Learning(const Facts& facts, const std::vector<KnownVerdict>& verdicts, bool proves,
                   std::function<void()> learned)
    : learned_(std::move(learned)) {
  for (size_t i = 0; i < facts.methods.size(); ++i) {
    const MethodFacts& method = facts.methods[i];
    methods_.push_back(std::make_unique<Method>());
    // Its state is its requests' alone: no other copy may take over.
    if (learned_ == nullptr || facts.writes_state) continue;
    Method& entry = *methods_.back();
    const bool decided = std::any_of(verdicts.begin(), verdicts.end(),
                                     [i](const KnownVerdict& known) { return known.method == i; });
    entry.wants_verdict = proves && method.static_proof.verdict == Verdict::kProven && !decided;
    entry.has_rows = HasRows(method);
    entry.wants_shapes = !entry.has_rows;
    if (entry.has_rows) continue;
    entry.facts = method;
    entry.facts.code.clear();  // long
    entry.facts.graph.clear();
  }
}

void Learning::Success(size_t index, const std::vector<Value>& arguments) {
  Method& method = *methods_[index];
  if (!method.wants_shapes.load(std::memory_order_relaxed)) return;
  {
    const std::lock_guard lock(mutex_);
    if (!method.wants_shapes) return;
    SeenArguments seen = ShapesOf(arguments);
    MethodFacts completed = method.facts;
    Complete(seen, &completed);
    const bool enough = HasRows(completed);
    if (enough || ++method.tries == kMaxTries) method.wants_shapes = false;
    if (!enough) return;
    method.seen = std::move(seen);
  }
  TellIfLearned(method);
}

void Learning::Decided(size_t index, Verdict verdict) {
  Method& method = *methods_[index];
  {
    const std::lock_guard lock(mutex_);
    if (!method.wants_verdict) return;
    const bool again = verdict == Verdict::kUnproven && ++method.unproven < Verdicts::kMaxAttempts;
    if (again) return;
    method.wants_verdict = false;
  }
  TellIfLearned(method);
}

void Learning::TellIfLearned(const Method& method) {
  {
    const std::lock_guard lock(mutex_);
    if (method.wants_verdict || (!method.has_rows && method.seen.empty())) return;
  }
  news_ = true;
  learned_();
}

SeenShapes Learning::TakeToTry(bool in_part) {
  const std::lock_guard lock(mutex_);
  const bool all_known = std::all_of(methods_.begin(), methods_.end(), [](const auto& method) {
    return method->has_rows || !method->seen.empty();
  });
  if (tried_ || !(all_known || in_part)) return {};
  SeenShapes seen;
  for (const auto& method : methods_) seen.push_back(method->seen);
  tried_ = Any(seen);
  return seen;
}

}  // namespace flambeau
