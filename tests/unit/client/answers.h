// Collects what callbacks are given.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

#include "flambeau/client.h"

namespace flambeau::client {

// Threads: any. Lifetime: beyond the calls. Errors: none.
class Answers {
 public:
  void Add(absl::StatusOr<InferResponse> answer) {
    const std::lock_guard lock(mutex_);
    all_.push_back(std::move(answer));
    changed_.notify_all();
  }
  Client::OnAnswer Adder() {
    return [this](absl::StatusOr<InferResponse> answer) { Add(std::move(answer)); };
  }
  // The first `count`, once they are there.
  std::vector<absl::StatusOr<InferResponse>> Await(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return all_.size() >= count; });
    return all_;
  }
  std::vector<absl::StatusOr<InferResponse>> all() {
    const std::lock_guard lock(mutex_);
    return all_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<absl::StatusOr<InferResponse>> all_;
};

}  // namespace flambeau::client
