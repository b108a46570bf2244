#include "repository/directory_events.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "repository/temp_directory.h"

namespace flambeau {
namespace {

class DirectoryEventsTest : public ::testing::Test {
 protected:
  // Blocks until `count` events more have come than were waited for before.
  void AwaitEvents(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return events_.size() >= awaited_ + count; });
    awaited_ += count;
  }
  // Blocks until a path has come by a rename, and returns it.
  std::string AwaitMoved() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] {
      for (auto& event : events_) {
        if (event) return true;
      }
      return false;
    });
    for (auto& event : events_) {
      if (event) return *std::exchange(event, std::nullopt);
    }
    return "";
  }

  TempDirectory directory_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::optional<std::string>> events_;
  size_t awaited_ = 0;
  std::unique_ptr<DirectoryEvents> watched_ =
      DirectoryEvents::Create([this](std::optional<std::string> moved) {
        const std::lock_guard lock(mutex_);
        events_.push_back(std::move(moved));
        changed_.notify_all();
      });
};

TEST_F(DirectoryEventsTest, TellsWhatWasWrittenRenamedAndRemoved) {
  ASSERT_TRUE(watched_->Watch({directory_.path()}).ok());
  const std::string file = directory_.Write("a.pt", "1");
  AwaitEvents(2);  // created, closed
  std::filesystem::rename(file, directory_ / "b.pt");
  EXPECT_EQ(AwaitMoved(), directory_ / "b.pt");
  AwaitEvents(2);  // from, to
  std::filesystem::remove(directory_ / "b.pt");
  AwaitEvents(1);
}

TEST_F(DirectoryEventsTest, ADirectoryThatIsReplacedIsWatchedAgain) {
  const std::string directory = directory_ / "m";
  std::filesystem::create_directory(directory);
  ASSERT_TRUE(watched_->Watch({directory, directory_ / "gone"}).ok());
  std::filesystem::rename(directory, directory_ / "old");
  std::filesystem::create_directory(directory);
  ASSERT_TRUE(watched_->Watch({directory}).ok());
  std::filesystem::rename(directory_.Write("x"), directory_ / "m/model.pt");
  EXPECT_EQ(AwaitMoved(), directory_ / "m/model.pt");
}

}  // namespace
}  // namespace flambeau
