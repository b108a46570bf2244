// The seam between batching and models. Nothing of LibTorch crosses it: an Item holds plain views,
// so that it could cross a process border.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backend/facts.h"
#include "backend/optimizations.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/status.h"
#include "tensor/value.h"

namespace flambeau {

// One request, or one row of several, for one run.
struct Item {
  size_t method = 0;  // index into Facts::methods
  // One per argument of the method, in its order. None stands for an absent optional or defaulted
  // argument. Tensors' dimension 0 is the batch when items are merged.
  std::span<const Value> arguments;
  int64_t rows = 1;  // dimension 0 of every tensor argument, when merged
  TimePoint deadline = kNoDeadline;
  const std::atomic<bool>* cancelled = nullptr;  // may be null
};

// Where an instance puts results.
// Threads: any; one call at a time per item. Errors: in `result`.
class Sink {
 public:
  virtual ~Sink() = default;
  // One or more times per item, `last` on the last; exactly one `last` per item.
  // A client's mistake (shape, index out of range) is INVALID_ARGUMENT with one sentence, no memory
  // left RESOURCE_EXHAUSTED, a device lost before this run UNAVAILABLE, anything else INTERNAL.
  virtual void Deliver(size_t item, Result<Value> result, bool last) = 0;
};

struct RunTiming {
  Duration gather{};   // making the batch
  Duration compute{};  // the model
  Duration scatter{};  // taking the result apart
};

// One worker's copy of the model's execution state.
// Threads: one at a time; made and destroyed on the same one. Lifetime: keeps its model alive.
class Instance {
 public:
  virtual ~Instance() = default;
  // Runs `items` as one batch: all of one method, equal shapes but for dimension 0, equal
  // datatypes and equal non-tensor arguments. More than one item: tensors are concatenated along
  // dimension 0, the result is taken apart by Item::rows, and a result whose dimension 0 is not the
  // batch's fails every item with INTERNAL. Returns when it can take the next batch.
  virtual RunTiming Run(std::span<const Item> items, Sink& sink) = 0;
};

// A loaded model; immutable.
// Threads: any. Lifetime: shared; instances keep it alive.
class Model {
 public:
  virtual ~Model() = default;
  virtual const Facts& facts() const = 0;
  // To be called on the thread that will use it (LibTorch's thread counts hold per thread).
  virtual Result<std::unique_ptr<Instance>> NewInstance() = 0;
  // An instance over a throw-away copy of the model, for probes: they may change a model that
  // writes its attributes.
  virtual Result<std::unique_ptr<Instance>> NewProbe() = 0;
};

struct LoadOptions {
  std::string device = "cpu";  // as Backend::ResolveDevice returned it
  int intra_op_threads = 1;    // per instance
  bool optimized = true;  // false: the graph executor rewrites nothing (a config may ask for it)
  Optimizations optimizations = {};  // to apply; those that do not fit the model are left out
};

// Threads: any. Lifetime: outlives its models.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string name() const = 0;     // "pytorch"
  virtual std::string version() const = 0;  // LibTorch's
  // "auto", "cpu", "cuda" or "cuda:N" -> "cpu" or "cuda:N"; FAILED_PRECONDITION with one sentence
  // if there is no such device here.
  virtual Result<std::string> ResolveDevice(const std::string& wanted) = 0;
  // Errors: INVALID_ARGUMENT, one sentence that says what the file is and what to do. No code of
  // the model has run before its operators were allowed.
  virtual Result<std::shared_ptr<Model>> Load(const std::string& path,
                                              const LoadOptions& options) = 0;
};

// The one symbol that a backend module exports.
struct BackendEnvironment {
  Log* log;  // outlives the backend
  // Operators that models may use although the backend refuses them by itself; null: none.
  const std::vector<std::string>* allowed_operators = nullptr;
  // An accelerator stopped at an error for good, as at a device-side assert: every later run fails,
  // and only a new process can use it again. Called once, from any thread; may be empty.
  std::function<void()> on_device_lost = {};
};
using CreateBackendFunction = Backend* (*)(const BackendEnvironment*);
inline constexpr char kCreateBackendSymbol[] = "flambeau_create_backend";

}  // namespace flambeau
