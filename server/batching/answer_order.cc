#include "batching/answer_order.h"

#include <utility>

namespace flambeau {

WorkDone AnswerOrder::Enlist(WorkDone done) {
  const std::lock_guard lock(mutex_);
  slots_.push_back({std::move(done), std::nullopt});
  const auto slot = std::prev(slots_.end());
  return [self = shared_from_this(), slot](Result<Outcome> outcome) {
    self->Complete(slot, std::move(outcome));
  };
}

size_t AnswerOrder::size() const {
  const std::lock_guard lock(mutex_);
  return slots_.size();
}

void AnswerOrder::Complete(Slots::iterator slot, Result<Outcome> outcome) {
  std::unique_lock lock(mutex_);
  slot->outcome = std::move(outcome);
  // Whoever delivers looks again before it ends; it may be this thread, further up its stack.
  if (delivering_) return;
  delivering_ = true;
  while (!slots_.empty() && slots_.front().outcome) {
    Slots first;
    first.splice(first.begin(), slots_, slots_.begin());
    lock.unlock();
    Slot& ready = first.front();
    ready.done(*std::move(ready.outcome));
    first.clear();
    lock.lock();
  }
  delivering_ = false;
}

}  // namespace flambeau
