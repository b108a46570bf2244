#include "repository/refiner.h"

namespace flambeau {

Refiner::Refiner(Refine refine)
    : refine_(std::move(refine)), thread_("refine", [this] { Run(); }) {}

void Refiner::Add(const std::string& name, int64_t version) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return;
  waiting_.emplace_back(name, version);
  changed_.notify_one();
}

void Refiner::Stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  waiting_.clear();
  changed_.notify_one();
}

void Refiner::Join() {
  Stop();
  thread_.Join();
}

bool Refiner::busy() const {
  const std::lock_guard lock(mutex_);
  return busy_;
}

void Refiner::Run() {
  std::unique_lock lock(mutex_);
  while (!stopped_) {
    if (waiting_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const auto [name, version] = std::move(waiting_.front());
    waiting_.pop_front();
    busy_ = true;
    lock.unlock();
    refine_(name, version);
    lock.lock();
    busy_ = false;
  }
}

}  // namespace flambeau
