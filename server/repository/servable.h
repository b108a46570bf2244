// One version of one model, ready to be asked.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "backend/facts.h"
#include "batching/scheduler.h"
#include "metrics/metrics.h"
#include "repository/declaration.h"
#include "spec/model_config.h"

namespace flambeau {

class ServableStatistics;

// Threads: any. Lifetime: shared: a request pins the version it resolved, so an unload waits for
// it. Errors: none.
class Servable {
 public:
  virtual ~Servable() = default;
  virtual const std::string& name() const = 0;
  virtual int64_t version() const = 0;
  virtual const Facts& facts() const = 0;
  // Index of a method, or -1.
  virtual int FindMethod(std::string_view method) const = 0;
  // The method's signature as known now: declared and graph facts, widened by what was observed.
  // A snapshot; `static_proof` holds the scheduler's current verdict.
  virtual std::shared_ptr<const MethodFacts> signature(size_t method) const = 0;
  virtual Scheduler& scheduler() = 0;
  // The configuration in effect now: what its owner declared, completed by what is known.
  virtual std::shared_ptr<const ModelConfig> config() const {
    return std::make_shared<const ModelConfig>();
  }
  // What the owner's configuration says of that method's arguments; null if nothing.
  virtual const Declaration* declaration(size_t method) const { return nullptr; }
  // What its author says of it; empty if nothing.
  virtual std::string_view description() const { return ""; }
  // Whether its owner wants answers to be given again (see serving/response_cache.h), and they can.
  virtual bool caches_responses() const {
    return config()->response_cache && !facts().writes_state;
  }
  // What it has done so far, for the protocol's statistics; null where nothing is counted.
  virtual ServableStatistics* statistics() { return nullptr; }
  // Its series; null where nothing is counted.
  virtual std::shared_ptr<ModelMetrics> metrics() const { return nullptr; }
};

using ServablePtr = std::shared_ptr<Servable>;

}  // namespace flambeau
