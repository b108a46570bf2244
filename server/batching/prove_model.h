// Proves what can be proven of a model before it has seen a request.
#pragma once

#include <cstddef>
#include <vector>

#include "backend/backend.h"
#include "base/clock.h"
#include "batching/known_verdict.h"
#include "batching/scheduler.h"
#include "batching/verdicts.h"

namespace flambeau {

// The variant that rows made after a method's facts belong to; null if its shapes are not known, or
// nothing of it can be merged. Threads: as Verdicts. Errors: none.
Variant* FindVariantOfFacts(const Facts& facts, size_t method, Verdicts* verdicts);

struct ProvenModel {
  std::vector<KnownVerdict> verdicts;
  std::vector<Proof> proofs;  // by method: the verdict that a scheduler would start with
  bool complete = true;       // false if Options::proof_budget ran out
};

// Runs the proofs that a scheduler with these options would run at load, and nothing else of it.
// Threads: one, and a thread of its own that ends with the call. Errors: in the verdicts.
ProvenModel ProveModel(Model* model, const Scheduler::Options& options, Clock* clock);

}  // namespace flambeau
