#include "grpc/reply_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace flambeau {
namespace {

class CountedReply final : public Reply {
 public:
  explicit CountedReply(std::atomic<int>* sent) : sent_(sent) {}
  void Send() override { sent_->fetch_add(1); }

 private:
  std::atomic<int>* const sent_;
};

// Holds its thread until the test opens it.
class HeldReply final : public Reply {
 public:
  void Send() override {
    std::unique_lock lock(mutex_);
    sending_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return open_; });
  }
  void AwaitSending() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return sending_; });
  }
  void Open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool sending_ = false;
  bool open_ = false;
};

TEST(ReplyQueueTest, SendsEachReplyOnce) {
  constexpr int kPosters = 4;
  constexpr int kReplies = 500;
  std::atomic<int> sent{0};
  {
    ReplyQueue queue(2);
    std::vector<std::thread> posters;
    posters.reserve(kPosters);
    for (int i = 0; i < kPosters; ++i) {
      posters.emplace_back([&] {
        for (int j = 0; j < kReplies; ++j) queue.Post(std::make_shared<CountedReply>(&sent));
      });
    }
    for (std::thread& poster : posters) poster.join();
  }
  EXPECT_EQ(sent.load(), kPosters * kReplies);
}

TEST(ReplyQueueTest, ASlowReplyDoesNotHoldUpTheOthers) {
  const auto slow = std::make_shared<HeldReply>();
  const auto next = std::make_shared<HeldReply>();
  ReplyQueue queue(2);
  queue.Post(slow);
  slow->AwaitSending();
  queue.Post(next);
  next->AwaitSending();  // by the other thread
  next->Open();
  slow->Open();
}

TEST(ReplyQueueTest, TheEndSendsWhatIsLeft) {
  std::atomic<int> sent{0};
  const auto first = std::make_shared<HeldReply>();
  std::optional<ReplyQueue> queue(std::in_place, 1);
  queue->Post(first);
  first->AwaitSending();
  for (int i = 0; i < 10; ++i) queue->Post(std::make_shared<CountedReply>(&sent));
  EXPECT_EQ(sent.load(), 0);
  std::thread opener([&] { first->Open(); });
  queue.reset();
  opener.join();
  EXPECT_EQ(sent.load(), 10);
}

TEST(ReplyQueueTest, ForgetsWhatItHasSent) {
  const auto reply = std::make_shared<HeldReply>();
  {
    ReplyQueue queue(1);
    queue.Post(reply);
    reply->AwaitSending();
    EXPECT_GT(reply.use_count(), 1);
    reply->Open();
  }
  EXPECT_EQ(reply.use_count(), 1);
}

}  // namespace
}  // namespace flambeau
