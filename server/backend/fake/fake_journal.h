// What a fake model was asked to do, and a latch to hold it there.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace flambeau {

// Records the runs of instances (not of probes).
// Threads: any. Lifetime: outlives the model. Errors: none.
class FakeJournal {
 public:
  struct Run {
    size_t items;
    int64_t rows;
  };

  void Record(Run run) {
    const std::lock_guard lock(mutex_);
    runs_.push_back(run);
    changed_.notify_all();
  }
  // Blocks until `count` runs have begun since the last Clear.
  void AwaitRuns(size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return runs_.size() >= count; });
  }
  std::vector<Run> runs() const {
    const std::lock_guard lock(mutex_);
    return runs_;
  }
  std::vector<int64_t> rows() const {
    const std::lock_guard lock(mutex_);
    std::vector<int64_t> rows;
    for (const Run& run : runs_) rows.push_back(run.rows);
    return rows;
  }
  void Clear() {
    const std::lock_guard lock(mutex_);
    runs_.clear();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Run> runs_;
};

// Open at first. Threads: any. Lifetime: outlives whoever passes. Errors: none.
class FakeLatch {
 public:
  void Close() { Set(false); }
  void Open() { Set(true); }
  // Blocks while it is closed.
  void Pass() {
    std::unique_lock lock(mutex_);
    ++waiting_;
    changed_.notify_all();
    changed_.wait(lock, [&] { return open_; });
    --waiting_;
  }
  // Blocks until `count` threads are held.
  void AwaitHeld(int count) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !open_ && waiting_ >= count; });
  }

 private:
  void Set(bool open) {
    const std::lock_guard lock(mutex_);
    open_ = open;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = true;
  int waiting_ = 0;
};

}  // namespace flambeau
