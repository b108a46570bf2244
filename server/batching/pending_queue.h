// The waiting requests of one model version: by rank, first in, first out, and by bucket.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "batching/pending.h"
#include "batching/run_cost.h"
#include "batching/verdicts.h"

namespace flambeau {

struct Bucket {
  const BucketKey* key = nullptr;
  Variant* variant = nullptr;  // null: never merged
  RankedList<&Pending::in_bucket> waiting;
  int64_t rows = 0;          // of those that wait
  int running = 0;           // workers that run a batch of it; it stays while there is one
  int64_t running_rows = 0;  // of theirs
  // After a merged run: hold until this moment, or until so many wait (see NoteRun).
  TimePoint regroup_until{};
  size_t regroup_target = 0;
  Duration typical_run{};  // a moving average
  RunCost cost;
};

// What a worker takes away. Reused, so that its memory is.
struct Batch {
  std::vector<PendingPtr> items;
  std::vector<PendingPtr> dropped;  // expired or cancelled; to be answered outside the lock
  int64_t rows = 0;                 // of `items`; 0 if they cannot be merged
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
    std::vector<int64_t> preferred_batch_sizes = {};
    bool shares = true;  // workers' runs do not wait for each other's
  };
  // `verdicts` outlives it.
  PendingQueue(const Options& options, Verdicts* verdicts);
  PendingQueue(const PendingQueue&) = delete;
  PendingQueue& operator=(const PendingQueue&) = delete;
  ~PendingQueue();

  size_t size() const { return queue_.size(); }
  // Those of the level of `rank`, delayed ones included.
  size_t LevelSize(uint32_t rank) const;
  size_t buckets() const { return buckets_.size(); }
  // A leader that has more to read will come for the waiting `pending`: nobody is woken for it.
  void Promise(Pending* pending);
  // From now on whoever is free sees to everything that waits.
  void EndPromises();
  // Whether all that waits is promised.
  bool AllPromised() const { return promised_ == queue_.size(); }
  // Returns the bucket that it joined.
  Bucket* Push(PendingPtr pending);
  // When `bucket` may run: the past or now if at once.
  TimePoint ReadyAt(const Bucket& bucket) const;
  // True if something may run now; else `*next` is when it may, kNoDeadline if nothing waits.
  bool Ready(TimePoint now, TimePoint* next) const;
  // Whether nobody else could join the bucket's next run.
  bool FillsBatch(const Bucket& bucket) const { return bucket.rows >= RowLimit(bucket); }
  // Whether the bucket's next run is known to take at most so long: its requests are proven to be
  // answered row by row, so that no value decides about it, and its runs so far tell it.
  bool Brief(const Bucket& bucket, Duration longest_run) const;
  // Whether something brief may run now.
  bool BriefReady(TimePoint now, Duration longest_run) const {
    return FirstReady(now, longest_run) != nullptr;
  }
  struct TakeOptions {
    Duration longest_run = Duration::max();  // only from a bucket that is brief
    int64_t takers = 1;                      // who could run at once, the caller included
  };
  // Takes from the bucket of the first request, by rank and age, that may run.
  void Take(TimePoint now, const TakeOptions& options, Batch* batch);
  void Finish(Batch* batch);
  // Takes out what expired or was cancelled and delays what is to be delayed; returns when the
  // first of the rest has to be looked at.
  TimePoint Sweep(TimePoint now, std::vector<PendingPtr>* dropped);
  void TakeAll(std::vector<PendingPtr>* all);

 private:
  int64_t RowLimit(const Bucket& bucket) const;
  int64_t RowsWanted(int64_t limit) const;
  int64_t PreferredRows(const Bucket& bucket, int64_t limit) const;
  TimePoint ReadyAt(const Bucket& bucket, const Pending& front) const;
  int64_t Share(const Bucket& bucket, int64_t limit, int64_t takers) const;
  void Fill(Bucket* bucket, TimePoint now, int64_t takers, Batch* batch);
  Pending* FirstReady(TimePoint now, Duration longest_run) const;
  void DelayOverdue(TimePoint now);
  void DelayOne(Pending* pending);
  PendingPtr Remove(Pending* pending);
  void ForgetIfIdle(Bucket* bucket);

  const Options options_;
  const std::vector<int64_t> preferred_;  // ascending
  Verdicts* const verdicts_;
  RankedList<&Pending::in_queue> queue_;
  TimePoint delay_at_ = kNoDeadline;  // no request has to be delayed before
  uint32_t promise_ = 1;              // those with another number are promised no more
  size_t promised_ = 0;
  std::unordered_map<BucketKey, Bucket, BucketKeyHash> buckets_;
};

}  // namespace flambeau
