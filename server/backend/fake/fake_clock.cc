#include "backend/fake/fake_clock.h"

#include <algorithm>
#include <iterator>
#include <vector>

namespace flambeau {

TimePoint FakeClock::Now() const {
  const std::lock_guard lock(mutex_);
  return now_;
}

void FakeClock::WaitUntil(std::condition_variable& condition, std::unique_lock<std::mutex>& lock,
                          TimePoint deadline) {
  std::multimap<TimePoint, Waiter>::iterator self;
  {
    const std::lock_guard own(mutex_);
    if (now_ >= deadline) return;
    self = waiters_.insert({deadline, {&condition, lock.mutex()}});
    arrived_.notify_all();
  }
  condition.wait(lock);
  const std::lock_guard own(mutex_);
  waiters_.erase(self);
}

void FakeClock::Advance(Duration step) {
  std::vector<Waiter> waiting;
  {
    const std::lock_guard lock(mutex_);
    now_ += step;
    for (const auto& [deadline, waiter] : waiters_) waiting.push_back(waiter);
  }
  for (const Waiter& waiter : waiting) {
    // Holding the waiter's mutex: it has either seen the new time or already waits.
    const std::lock_guard lock(*waiter.mutex);
    waiter.condition->notify_all();
  }
}

void FakeClock::AwaitWaiters(size_t count, TimePoint deadline) {
  std::unique_lock lock(mutex_);
  arrived_.wait(lock, [&] {
    // One whose time has come is about to wake, and waits no more.
    const auto begin = waiters_.upper_bound(now_);
    const auto end = waiters_.upper_bound(std::max(deadline, now_));
    return static_cast<size_t>(std::distance(begin, end)) >= count;
  });
}

}  // namespace flambeau
