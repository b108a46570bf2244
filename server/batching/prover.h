// The thread that runs proofs, one after the other, on probes of the model. Requests come first: it
// gives way to other threads, and holds no permit that a worker would wait for.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "base/thread.h"
#include "batching/core_permits.h"
#include "batching/proof.h"
#include "batching/verdicts.h"

namespace flambeau {

// Threads: Add and Stop from any thread. Lifetime: the destructor stops and joins; its model and
// permits outlive it. Errors: in the results. Tasks are bounded by Verdicts: one per variant.
class Prover {
 public:
  struct Task {
    Variant* variant;  // handed back
    size_t method;
    std::vector<Value> arguments;  // a request that worked; empty: rows are invented from the facts
    int attempt = 0;
  };
  using OnDecided = std::function<void(Variant* variant, ProofResult result)>;

  struct Options {
    std::string thread_name;
    int64_t max_batch_size = 32;
    int intra_op_threads = 1;  // of a run
  };
  // Runs `decided` on its thread.
  Prover(const Options& options, Model* model, CorePermits* permits, OnDecided decided);
  ~Prover();

  void Add(Task task);
  // Ends the proof that runs at its next batch; tasks that wait are dropped. Does not wait.
  void Stop();

 private:
  void Loop();
  ProofResult Prove(const Task& task);

  const Options options_;
  Model* const model_;
  CorePermits* const permits_;
  const OnDecided decided_;
  std::mutex mutex_;
  std::condition_variable added_;
  std::deque<Task> tasks_;
  std::atomic<bool> stop_{false};
  Thread thread_;  // last: the others are there when it starts, and still when it ends
};

}  // namespace flambeau
