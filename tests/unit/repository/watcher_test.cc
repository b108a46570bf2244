#include "repository/watcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "backend/fake/fake_clock.h"
#include "repository/temp_directory.h"

namespace flambeau {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::Contains;

// Events that a test sends by hand.
class FakeEvents final : public DirectoryEvents {
 public:
  explicit FakeEvents(OnEvent on_event) : send(std::move(on_event)) {}
  Status Watch(const std::set<std::string>& directories) override {
    const std::lock_guard lock(mutex_);
    watched_ = directories;
    return OkStatus();
  }
  std::set<std::string> watched() {
    const std::lock_guard lock(mutex_);
    return watched_;
  }

  const OnEvent send;

 private:
  std::mutex mutex_;
  std::set<std::string> watched_;
};

class WatcherTest : public ::testing::Test {
 protected:
  void Start() {
    Watcher::Options options;
    options.changes.rest = milliseconds(500);
    options.rescan = seconds(5);
    watcher_ = std::make_unique<Watcher>(
        directory_.path(), options, *ReadModelTree(directory_.path()),
        [this](DirectoryEvents::OnEvent on_event) {
          auto events = std::make_unique<FakeEvents>(std::move(on_event));
          events_ = events.get();
          return events;
        },
        &clock_, log_.get(),
        [this](const std::string& model) {
          const std::lock_guard lock(mutex_);
          changed_.push_back(model);
          arrived_.notify_all();
        });
    AwaitIdle(seconds(5));
  }
  // Until the watcher waits for at most so long.
  void AwaitIdle(Duration step) { clock_.AwaitWaiters(1, clock_.Now() + step); }
  void AwaitChanged(const std::vector<std::string>& wanted) {
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [&] { return changed_.size() >= wanted.size(); });
    EXPECT_EQ(changed_, wanted);
  }
  std::vector<std::string> changed() {
    const std::lock_guard lock(mutex_);
    return changed_;
  }

  TempDirectory directory_;
  FakeClock clock_;
  std::unique_ptr<Log> log_ = Log::Silent();
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<std::string> changed_;
  FakeEvents* events_ = nullptr;
  std::unique_ptr<Watcher> watcher_;
};

TEST_F(WatcherTest, LooksAgainWithoutAnyEvent) {
  directory_.Write("old.pt");
  Start();
  directory_.Write("new.pt", "text");
  clock_.Advance(seconds(5));  // a look finds it
  AwaitIdle(milliseconds(500));
  EXPECT_TRUE(changed().empty());
  clock_.Advance(milliseconds(500));  // it rests
  AwaitChanged({"new"});
}

TEST_F(WatcherTest, AnEventMakesItLookNow) {
  Start();
  directory_.Write("new.pt", "text");
  events_->send(std::nullopt);
  AwaitIdle(milliseconds(500));
  clock_.Advance(milliseconds(500));
  AwaitChanged({"new"});
}

TEST_F(WatcherTest, WhatWasRenamedIntoPlaceIsToldAtOnce) {
  Start();
  directory_.Write("m/1/model.pt", "text");
  events_->send(directory_ / "m");
  AwaitChanged({"m"});  // and the clock has not moved
  EXPECT_THAT(events_->watched(), Contains(directory_ / "m/1"));
}

TEST_F(WatcherTest, ADirectoryThatCannotBeReadTakesNothingAway) {
  directory_.Write("m.pt");
  Start();
  std::filesystem::rename(directory_.path(), directory_.path() + ".away");
  for (int i = 0; i < 3; ++i) {
    clock_.Advance(seconds(5));
    AwaitIdle(seconds(5));
  }
  std::filesystem::rename(directory_.path() + ".away", directory_.path());
  directory_.Write("n.pt", "text");
  clock_.Advance(seconds(5));
  AwaitIdle(milliseconds(500));
  clock_.Advance(milliseconds(500));
  AwaitChanged({"n"});
}

}  // namespace
}  // namespace flambeau
