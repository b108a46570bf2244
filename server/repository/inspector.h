// What is found out about a model file before this process loads it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "backend/facts.h"
#include "backend/optimizations.h"
#include "base/status.h"
#include "batching/known_verdict.h"
#include "batching/scheduler.h"
#include "batching/tuning.h"
#include "repository/file_stamp.h"
#include "repository/seen_shapes.h"
#include "spec/model_config.h"

namespace flambeau {

// What trying a model out has told; a value that can cross processes and be kept.
struct Inspection {
  // By method: what its runs gave; empty where none could be tried.
  std::vector<std::vector<ResultFact>> results;
  std::vector<KnownVerdict> verdicts;
  Optimizations optimizations;     // worth applying
  Tuned tuned;                     // how it runs best
  SeenShapes seen = {};            // that it was tried with
  std::vector<std::string> notes;  // what was tried or left out and why, for people
};

struct InspectionRequest {
  std::string name;  // the model's, for the log
  std::string file;
  std::shared_ptr<const ModelConfig> config;  // null if there is none
  std::string manifest = {};  // the text of the flambeau.json beside it; empty: the one inside it
  // The server's own; where the configuration says something else, that holds.
  std::string device = "cpu";
  Scheduler::Options scheduler;
  Optimizations optimizations = {};  // that may be tried
  Duration optimization_budget = std::chrono::seconds(10);
  TuningScope tuning = {};  // empty: how it runs is not measured
  Duration tuning_budget = std::chrono::seconds(20);
  // Of requests to the version that serves meanwhile.
  SeenShapes seen = {};
  // Of forward's arguments, by name, the batch's dimension first: somebody's who asks.
  std::map<std::string, Shape> shapes = {};
  // Nobody waits for it: it has more time. What was told before is not asked for, and what it tells
  // is kept once it is to be remembered.
  bool again = false;
};

// Threads: any; a call may take as long as the model's runs do, up to the implementation's limit.
// Lifetime: outlives the repository. Errors: Inspect: why the model cannot be served, one sentence.
class Inspector {
 public:
  virtual ~Inspector() = default;
  virtual Result<Inspection> Inspect(const InspectionRequest& request) = 0;
  // What the server itself has found out since, for the next time that it is asked; of the file
  // that had this `stamp`: one that has changed is another.
  virtual void Remember(const InspectionRequest& request, const FileStamp& stamp,
                        const Inspection& inspection) {}
};

}  // namespace flambeau
