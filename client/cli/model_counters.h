// What a server counts about its models: the protocol's statistics extension.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "flambeau/model.h"

namespace flambeau::client {

struct Spent {
  int64_t count = 0;
  int64_t nanoseconds = 0;

  double MeanMicroseconds() const;  // 0 if it never was
};

// Since the version was loaded.
struct ModelCounters {
  std::string name;
  std::string version;
  int64_t inferences = 0;  // rows
  int64_t executions = 0;  // batches
  Spent success;           // requests
  Spent fail;
  Spent queue;
  Spent compute;  // input, the run and output together

  double MeanBatch() const;  // 0 if none ran
};

std::vector<ModelCounters> CountersOf(const std::vector<ModelStatistics>& models);

// What came between `before` and `after`, version by version; one that was loaded anew counts from
// its start.
std::vector<ModelCounters> Difference(const std::vector<ModelCounters>& before,
                                      const std::vector<ModelCounters>& after);
// Of all versions together.
ModelCounters Sum(const std::vector<ModelCounters>& models);

}  // namespace flambeau::client
