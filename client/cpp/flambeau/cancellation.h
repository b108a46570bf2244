// A switch that ends calls early.
#pragma once

#include <memory>

namespace flambeau::client {

// Given to calls (CallOptions), it ends them all at once: those that run, and those to come. Copies
// are the same switch.
// Threads: any. Lifetime: may end before the calls that it was given to.
// Errors: a call that is cancelled ends with CANCELLED, unless its answer was there first.
class Cancellation {
 public:
  class State;

  Cancellation();

  void Cancel() const;
  bool cancelled() const;
  State* state() const { return state_.get(); }  // the library's own

 private:
  std::shared_ptr<State> state_;
};

}  // namespace flambeau::client
