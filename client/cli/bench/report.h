// What a benchmark found, for people and for programs.
#pragma once

#include <optional>
#include <string>

#include "cli/bench/bench.h"
#include "cli/bench/tally.h"
#include "cli/model_counters.h"

namespace flambeau::client {

struct BenchResult {
  const Tally* tally = nullptr;
  std::optional<ModelCounters> server;  // what it counted meanwhile, if it counts
  double cpu_seconds = 0;               // of this process
  int idle_closed = 0;                  // idle connections that the server ended
};

std::string BenchAsText(const BenchOptions& options, const BenchResult& result);
std::string BenchAsJson(const BenchOptions& options, const BenchResult& result);

}  // namespace flambeau::client
