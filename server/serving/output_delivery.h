// What a request wants done with its outputs between the run and the answer: classification, and
// shared memory as their place.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "repository/servable.h"
#include "serving/request.h"
#include "serving/shared_memory.h"

namespace flambeau {

// Made before the run, so that what cannot be delivered is not computed, and used after it, by
// whoever encodes the answer; by a worker only if that is small.
// Threads: a value; Deliver from any. Lifetime: keeps the places open that it writes to, whatever
// becomes of their regions. Errors: below.
class OutputDelivery {
 public:
  OutputDelivery() = default;  // nothing to do

  // Errors: as SharedMemory::Target; INVALID_ARGUMENT: classification into shared memory.
  static Result<OutputDelivery> Create(const std::vector<RequestedOutput>& requested,
                                       const Servable& servable, const SharedMemory& memory);

  // Classifies and writes `result`'s outputs, which are in the order of those requested. The tensor
  // of one that was written stays, for its datatype, shape and size: its bytes are not for the
  // answer.
  // Errors: as Classify and SharedMemoryTarget::Write.
  Status Deliver(InferResult* result) const;

 private:
  struct Step {
    int64_t classification = 0;
    std::vector<std::string> labels;
    std::optional<SharedMemoryTarget> target;
  };

  std::vector<Step> steps_;  // one per requested output, or none at all
  // Dimension 0 of outputs counts rows: declared, or nothing if that is not known.
  std::optional<bool> batched_;
};

}  // namespace flambeau
