// What requests tell of a version that its check could not know, so that it is worth another check.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "backend/facts.h"
#include "batching/known_verdict.h"
#include "repository/seen_shapes.h"

namespace flambeau {

// A method whose shapes nobody told has learned enough once a request has worked and its proof has
// ended; one whose proof took longer than its check, once that has ended.
// Threads: any. Lifetime: plain. Errors: none.
class Learning {
 public:
  // `facts`: what the check knew. `verdicts`: how its proofs ended. `proves`: whether the scheduler
  // proves what is still open. `learned` is called from any thread, at most once for each method,
  // when that has learned enough; null: nothing is learned.
  Learning(const Facts& facts, const std::vector<KnownVerdict>& verdicts, bool proves,
           std::function<void()> learned);

  // A request that worked; cheap where it tells nothing new.
  void Success(size_t method, const std::vector<Value>& arguments);
  void Decided(size_t method, Verdict verdict);

  // Whether a method has learned enough that nobody has taken note of.
  bool news() const { return news_.load(); }
  // The same, once for each time that there are news.
  bool TakeNews() { return news_.exchange(false); }
  // What was seen of the methods whose shapes nobody told, once: when the shapes of all methods are
  // known, before which no optimisation could be tried, or with `in_part` of any. Else nothing.
  SeenShapes TakeToTry(bool in_part);

 private:
  struct Method {
    int tries = 0;         // requests that told no shapes
    bool has_rows = true;  // without a request's shapes
    bool wants_verdict = false;
    int unproven = 0;  // proofs that told nothing
    std::atomic<bool> wants_shapes{false};
    MethodFacts facts;  // if shapes are wanted
    SeenArguments seen;
  };
  void TellIfLearned(const Method& method);

  const std::function<void()> learned_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Method>> methods_;
  bool tried_ = false;
  std::atomic<bool> news_{false};
};

}  // namespace flambeau
