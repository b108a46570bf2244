#include "flambeau/cancellation.h"

#include <utility>

#include "flambeau/cancellation_internal.h"

namespace flambeau::client {

Cancellation::Cancellation() : state_(std::make_shared<State>()) {}
void Cancellation::Cancel() const { state_->Cancel(); }
bool Cancellation::cancelled() const { return state_->cancelled(); }

void Cancellation::State::Cancel() {
  const std::lock_guard lock(mutex_);
  if (cancelled_) return;
  cancelled_ = true;
  changed_.notify_all();
  for (const auto& [id, action] : actions_) action();
}

bool Cancellation::State::cancelled() const {
  const std::lock_guard lock(mutex_);
  return cancelled_;
}

uint64_t Cancellation::State::Add(std::function<void()> action) {
  const std::lock_guard lock(mutex_);
  if (cancelled_) action();
  actions_.emplace(++last_, std::move(action));
  return last_;
}

void Cancellation::State::Remove(uint64_t id) {
  const std::lock_guard lock(mutex_);
  actions_.erase(id);
}

bool Cancellation::State::WaitFor(std::chrono::nanoseconds time) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, time, [this] { return cancelled_; });
}

OnCancel::OnCancel(Cancellation cancellation, std::function<void()> action)
    : cancellation_(std::move(cancellation)), id_(cancellation_.state()->Add(std::move(action))) {}

OnCancel::~OnCancel() { cancellation_.state()->Remove(id_); }

}  // namespace flambeau::client
