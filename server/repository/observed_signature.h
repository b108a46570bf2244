// A method's signature that grows by what worked: facts nobody declared and the graph does not
// tell.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <span>

#include "backend/facts.h"
#include "tensor/value.h"

namespace flambeau {

// Declared and graph facts stay as they are. Dimension 0 of an observed shape is always -1, a
// dimension that was seen to vary becomes -1, and a rank that varies makes the shape unknown again,
// with the source still "observed".
// Threads: any. Lifetime: snapshots outlive it. Errors: none.
class ObservedSignature {
 public:
  // Makes what clients see out of what is known.
  using Show = std::function<void(MethodFacts*)>;
  explicit ObservedSignature(MethodFacts facts, Show show = nullptr);

  // What is known now, as clients see it; `static_proof` holds the verdict last set.
  std::shared_ptr<const MethodFacts> snapshot() const;

  // Learns from a request that worked; cheap when it tells nothing new.
  void Observe(std::span<const Value> arguments, const Value& result);

  // `first`: the verdict before any other; it never replaces one already set.
  void SetProof(const Proof& proof, bool first);

 private:
  std::shared_ptr<const MethodFacts> known() const;
  void Set(std::shared_ptr<const MethodFacts> facts);

  const Show show_;
  mutable std::mutex mutex_;
  std::shared_ptr<const MethodFacts> facts_;  // as the model names and shapes them
  std::shared_ptr<const MethodFacts> shown_;
  bool verdict_set_ = false;
  // The results' names vary between requests: no use in looking at them.
  std::atomic<bool> results_vary_{false};
};

}  // namespace flambeau
