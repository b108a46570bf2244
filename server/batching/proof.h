// The dynamic gate: does a method answer each row alone, whatever shares its batch?
//
// Distinct rows of varied sign and scale run alone and in batches of 2, 3, powers of two and the
// maximum, or as far as there are rows and larger ones gain. In each size: the same batch twice
// gives the noise floor (usually zero); rows alone, in the batch and in another order must agree
// within the datatype's tolerance, scaled to the output; and while some rows keep their places, all
// others are replaced: the kept rows' answers must not move beyond the noise floor. Kept rows are
// chosen by each bit of their position, so that every pair of places is told apart. Rows whose
// answer fails or is not finite are left out, and a run whose rows do not differ visibly proves
// nothing.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "base/clock.h"
#include "batching/row_source.h"

namespace flambeau {

struct ProofOptions {
  int64_t max_batch_size = 32;
  std::string device = "cpu";               // as Facts::device: how far rounding may go
  uint64_t seed = 20;                       // of the rows' order
  const std::atomic<bool>* stop = nullptr;  // ends it early, unproven
  // Of the time that runs take. Long ones end with the first size whose rows gain nothing over
  // those of the size before: larger batches would only let their requests wait, and a proof is
  // mostly runs of the largest. Null: all sizes are tried.
  const Clock* clock = nullptr;
};

struct ProofResult {
  Proof proof;
  // The largest batch that was tried; less than asked for if memory ran out or more gain nothing.
  int64_t rows = 0;
  // One row that worked, and its answer; nothing if none did.
  std::vector<Value> sample_arguments;
  std::optional<Value> sample_result;
};

// kRefused: rows were seen to mix. kUnproven: nothing could be told from these rows.
// Threads: the instance's. Lifetime: `instance` is a probe, never one that serves. Errors: none; a
// failing model is unproven or refused.
ProofResult ProveRowsIndependent(Instance& instance, size_t method, RowSource& rows,
                                 const ProofOptions& options);

}  // namespace flambeau
