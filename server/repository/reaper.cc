#include "repository/reaper.h"

#include <utility>

namespace flambeau {

Reaper::Reaper(OnGone on_gone)
    : on_gone_(std::move(on_gone)), thread_("unload", [this] { Run(); }) {}

std::shared_ptr<LoadedServable> Reaper::Adopt(std::unique_ptr<LoadedServable> servable) {
  return {servable.release(), [queue = queue_](LoadedServable* last) {
            std::unique_ptr<LoadedServable> owned(last);
            const std::lock_guard lock(queue->mutex);
            if (queue->stopped) return;  // `owned` outlives the lock
            queue->gone.push_back(std::move(owned));
            queue->changed.notify_one();
          }};
}

void Reaper::Stop() {
  {
    const std::lock_guard lock(queue_->mutex);
    queue_->stopped = true;
    queue_->changed.notify_one();
  }
  thread_.Join();
}

void Reaper::Run() {
  std::unique_lock lock(queue_->mutex);
  while (true) {
    queue_->changed.wait(lock, [this] { return queue_->stopped || !queue_->gone.empty(); });
    if (queue_->gone.empty()) return;
    std::unique_ptr<LoadedServable> servable = std::move(queue_->gone.front());
    queue_->gone.pop_front();
    lock.unlock();
    const std::string name = servable->name();
    const int64_t version = servable->version();
    servable.reset();
    on_gone_(name, version);
    lock.lock();
  }
}

}  // namespace flambeau
