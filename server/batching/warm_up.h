// Runs batches of all kinds before a worker serves: a backend profiles, compiles and tunes in its
// first runs of each shape.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "backend/backend.h"

namespace flambeau {

struct WarmUpOptions {
  // The largest batch of each method; 1 where nothing is ever merged.
  std::vector<int64_t> max_batch_size;
  Duration budget = std::chrono::seconds(10);  // sizes not begun by then are left out
};

// Called with the first row that worked of each method, and its answer.
using OnWarmRow =
    std::function<void(size_t method, const std::vector<Value>& arguments, const Value& result)>;

// Each method whose shapes are known, in sizes 1, 2, 4, ... and its largest, three times each, and
// on an accelerator in every other size once.
// Threads: the instance's. Errors: the first failure of the model, or DEADLINE_EXCEEDED when the
// budget ran out; neither stops a model from serving.
Status WarmUp(Instance& instance, const Facts& facts, const WarmUpOptions& options, Clock& clock,
              const OnWarmRow& on_row);

}  // namespace flambeau
