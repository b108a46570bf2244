// Told by a transport when its client has gone; read by whoever is about to spend work on it.
#pragma once

#include <atomic>
#include <memory>

namespace flambeau {

// Threads: any. Lifetime: shared by the transport and the queue. Errors: none.
class CancelToken {
 public:
  void Cancel() { cancelled_.store(true, std::memory_order_relaxed); }
  bool cancelled() const { return cancelled_.load(std::memory_order_relaxed); }
  const std::atomic<bool>* flag() const { return &cancelled_; }

 private:
  std::atomic<bool> cancelled_{false};
};

using CancelTokenPtr = std::shared_ptr<CancelToken>;

}  // namespace flambeau
