// The use case "statistics": what the ready versions of models have done.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "repository/repository.h"
#include "repository/statistics.h"

namespace flambeau {

struct MemoryUsage {
  std::string type;  // "CPU" or "GPU"
  int64_t id = 0;    // the GPU's number
  uint64_t bytes = 0;
};

struct ModelStatistics {
  std::string name;
  int64_t version = 0;
  StatisticsCounts counts;
  std::vector<MemoryUsage> memory;  // of the model's parameters
};

// Every ready version of `name`, or the one named; of every model if `name` is empty.
// Threads: any. Errors: as Repository::Resolve, for a name or version that has nothing ready.
Result<std::vector<ModelStatistics>> ReadStatistics(const Repository& repository,
                                                    std::string_view name,
                                                    std::string_view version);

}  // namespace flambeau
