// Lets answers leave in the order in which their requests came.
#pragma once

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <optional>

#include "batching/scheduler.h"

namespace flambeau {

// Every request that was let in is answered in turn, whatever the answer: one that expires in the
// queue waits for those before it, and each of those is answered, since a run ends and a wait has a
// deadline.
// Threads: any. Whoever brings an answer may deliver others' too; one thread delivers at a time,
// without the lock. Lifetime: shared with the wrapped callbacks. Errors: none.
class AnswerOrder : public std::enable_shared_from_this<AnswerOrder> {
 public:
  // The next in order. What it returns is to be called exactly once; it may be before later calls,
  // and `done` is called once its turn has come.
  WorkDone Enlist(WorkDone done);
  // Requests enlisted and not yet answered.
  size_t size() const;

 private:
  struct Slot {
    WorkDone done;
    std::optional<Result<Outcome>> outcome;
  };
  using Slots = std::list<Slot>;

  void Complete(Slots::iterator slot, Result<Outcome> outcome);

  mutable std::mutex mutex_;
  Slots slots_;
  bool delivering_ = false;
};

}  // namespace flambeau
