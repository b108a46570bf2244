// The waiting requests of one model version: first in, first out, and by bucket.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "batching/bucket.h"
#include "batching/scheduler.h"
#include "batching/verdicts.h"

namespace flambeau {

struct Bucket;

// A request from Submit until it is answered.
struct Pending {
  struct Links {
    Pending* previous = nullptr;
    Pending* next = nullptr;
  };

  Work work;
  BucketKey key;
  int64_t rows = 0;  // as BucketKey::Of
  TimePoint submitted{};
  Bucket* bucket = nullptr;  // while it waits
  Links in_queue;
  Links in_bucket;
  std::optional<Result<Outcome>> answer;

  bool cancelled() const { return work.cancel != nullptr && work.cancel->cancelled(); }
  // No longer worth a run.
  bool Dead(TimePoint now) const { return work.deadline <= now || cancelled(); }
};
using PendingPtr = std::unique_ptr<Pending>;

// An intrusive list: nothing is allocated to wait.
template <Pending::Links Pending::*kLinks>
class PendingList {
 public:
  Pending* front() const { return front_; }
  size_t size() const { return size_; }
  static Pending* Next(const Pending* pending) { return (pending->*kLinks).next; }

  void PushBack(Pending* pending) {
    (pending->*kLinks) = {back_, nullptr};
    (back_ != nullptr ? (back_->*kLinks).next : front_) = pending;
    back_ = pending;
    ++size_;
  }
  void Remove(Pending* pending) {
    const Pending::Links links = pending->*kLinks;
    (links.previous != nullptr ? (links.previous->*kLinks).next : front_) = links.next;
    (links.next != nullptr ? (links.next->*kLinks).previous : back_) = links.previous;
    --size_;
  }

 private:
  Pending* front_ = nullptr;
  Pending* back_ = nullptr;
  size_t size_ = 0;
};

struct Bucket {
  const BucketKey* key = nullptr;
  Variant* variant = nullptr;  // null: never merged
  PendingList<&Pending::in_bucket> waiting;
  int64_t rows = 0;  // of those that wait
  int running = 0;   // workers that run a batch of it; it stays while there is one
  // After a merged run: hold until this moment, or until so many wait (see RegroupWindow).
  TimePoint regroup_until{};
  size_t regroup_target = 0;
  Duration typical_run{};  // a moving average
};

// What a worker takes away. Reused, so that its memory is.
struct Batch {
  std::vector<PendingPtr> items;
  std::vector<PendingPtr> dropped;  // expired or cancelled; to be answered outside the lock
  Bucket* bucket = nullptr;         // pinned until Finish; null if `items` is empty
  bool template_wanted = false;     // a success of it may serve as the proof's template
};

// Threads: one at a time (the scheduler's mutex). Lifetime: whoever took a batch calls Finish
// before it is destroyed. Errors: none.
class PendingQueue {
 public:
  struct Options {
    int64_t max_batch_size = 32;
    Duration max_queue_delay{};
  };
  // `verdicts` outlives it.
  PendingQueue(const Options& options, Verdicts* verdicts);
  PendingQueue(const PendingQueue&) = delete;
  PendingQueue& operator=(const PendingQueue&) = delete;
  ~PendingQueue();

  size_t size() const { return queue_.size(); }
  size_t buckets() const { return buckets_.size(); }
  // Returns the bucket that it joined.
  Bucket* Push(PendingPtr pending);
  // When `bucket` may run: the past or now if at once.
  TimePoint ReadyAt(const Bucket& bucket) const;
  // True if something may run now; else `*next` is when it may, kNoDeadline if nothing waits.
  bool Ready(TimePoint now, TimePoint* next) const;
  // Takes from the bucket of the oldest request that may run.
  void Take(TimePoint now, Batch* batch);
  void Finish(Batch* batch);
  // Takes out what expired or was cancelled; returns the earliest deadline of the rest.
  TimePoint Sweep(TimePoint now, std::vector<PendingPtr>* dropped);
  void TakeAll(std::vector<PendingPtr>* all);

 private:
  int64_t RowLimit(const Bucket& bucket) const;
  Pending* OldestReady(TimePoint now) const;
  PendingPtr Remove(Pending* pending);
  void ForgetIfIdle(Bucket* bucket);

  const Options options_;
  Verdicts* const verdicts_;
  PendingList<&Pending::in_queue> queue_;
  std::unordered_map<BucketKey, Bucket, BucketKeyHash> buckets_;
};

}  // namespace flambeau
