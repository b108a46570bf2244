// Handlers for tests: one answers at once, one holds requests until the test lets them go.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "http/message.h"

namespace flambeau {

// Checks again and again, without sleeping, for states that nobody announces.
template <typename Condition>
bool Eventually(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

class EchoHandler final : public HttpHandler {
 public:
  void Handle(HttpRequest request, Responder respond) override {
    HttpResponse response;
    response.content_type = "application/octet-stream";
    response.body = request.body;
    response.may_compress = true;
    for (const auto& [name, value] : request.path_params) {
      response.headers.emplace_back("X-Param-" + name, value);
    }
    respond(std::move(response));
  }
};

struct HeldRequest {
  HttpRequest request;
  Responder respond;
};

class HoldHandler final : public HttpHandler {
 public:
  void Handle(HttpRequest request, Responder respond) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    held_.push_back({std::move(request), std::move(respond)});
    ++seen_;
    changed_.notify_all();
  }

  // The next request; waits for it.
  HeldRequest Take() {
    std::unique_lock<std::mutex> lock(mutex_);
    EXPECT_TRUE(
        changed_.wait_for(lock, std::chrono::seconds(20), [this] { return !held_.empty(); }));
    HeldRequest first = std::move(held_.front());
    held_.pop_front();
    return first;
  }

  int seen() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return seen_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<HeldRequest> held_;
  int seen_ = 0;
};

}  // namespace flambeau
