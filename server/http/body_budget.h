// How much memory the bodies of all connections may take together.
#pragma once

#include <atomic>
#include <cstddef>

namespace flambeau {

// Threads: any. Lifetime: shared by the buffers. Errors: Take returns false.
class BodyBudget {
 public:
  explicit BodyBudget(size_t bytes) : left_(bytes) {}

  bool Take(size_t bytes) {
    size_t left = left_.load(std::memory_order_relaxed);
    while (left >= bytes) {
      if (left_.compare_exchange_weak(left, left - bytes, std::memory_order_relaxed)) return true;
    }
    return false;
  }
  void Give(size_t bytes) { left_.fetch_add(bytes, std::memory_order_relaxed); }
  size_t left() const { return left_.load(std::memory_order_relaxed); }

 private:
  std::atomic<size_t> left_;
};

}  // namespace flambeau
