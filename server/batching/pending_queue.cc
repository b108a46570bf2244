#include "batching/pending_queue.h"

#include <algorithm>
#include <utility>

namespace flambeau {
namespace {

// Empty buckets that are kept, so that the usual shapes need no allocation per request.
constexpr size_t kKeptBuckets = 64;

}  // namespace

PendingQueue::PendingQueue(const Options& options, Verdicts* verdicts)
    : options_(options), verdicts_(verdicts) {}

PendingQueue::~PendingQueue() {
  std::vector<PendingPtr> all;
  TakeAll(&all);
}

Bucket* PendingQueue::Push(PendingPtr pending) {
  const auto [entry, created] = buckets_.try_emplace(pending->key);
  Bucket& bucket = entry->second;
  if (created) bucket.key = &entry->first;
  // Looked up again while there is none: the method may have had no place for it.
  if (bucket.variant == nullptr && pending->rows > 0) {
    bucket.variant = verdicts_->Find(pending->work.method, pending->key.variant());
  }
  pending->bucket = &bucket;
  bucket.rows += pending->rows;
  bucket.waiting.PushBack(pending.get());
  queue_.PushBack(pending.release());
  return &bucket;
}

int64_t PendingQueue::RowLimit(const Bucket& bucket) const {
  if (bucket.variant == nullptr || bucket.variant->proof.verdict != Verdict::kProven) return 0;
  return std::min(options_.max_batch_size, bucket.variant->proven_rows);
}

TimePoint PendingQueue::ReadyAt(const Bucket& bucket) const {
  const Pending* front = bucket.waiting.front();
  const int64_t limit = RowLimit(bucket);
  if (front->rows == 0 || bucket.rows >= limit) return TimePoint::min();
  TimePoint ready = front->submitted + options_.max_queue_delay;
  if (bucket.waiting.size() < bucket.regroup_target) ready = std::max(ready, bucket.regroup_until);
  // Never held so long that it could no longer be answered in time.
  const TimePoint deadline = front->work.deadline;
  const TimePoint half = front->submitted + (deadline - front->submitted) / 2;
  return std::min({ready, half, deadline - bucket.typical_run});
}

Pending* PendingQueue::OldestReady(TimePoint now) const {
  for (Pending* pending = queue_.front(); pending != nullptr; pending = queue_.Next(pending)) {
    if (ReadyAt(*pending->bucket) <= now) return pending;
  }
  return nullptr;
}

bool PendingQueue::Ready(TimePoint now, TimePoint* next) const {
  *next = kNoDeadline;
  for (Pending* pending = queue_.front(); pending != nullptr; pending = queue_.Next(pending)) {
    const TimePoint ready = ReadyAt(*pending->bucket);
    if (ready <= now) return true;
    *next = std::min(*next, ready);
  }
  return false;
}

void PendingQueue::Take(TimePoint now, Batch* batch) {
  int64_t rows = 0;
  while (batch->items.empty()) {
    Pending* oldest = OldestReady(now);
    if (oldest == nullptr) return;
    Bucket* bucket = oldest->bucket;
    const int64_t limit = RowLimit(*bucket);
    ++bucket->running;  // stays while its requests are looked at
    while (Pending* pending = bucket->waiting.front()) {
      if (pending->Dead(now)) {
        batch->dropped.push_back(Remove(pending));
        continue;
      }
      const bool first = batch->items.empty();
      if (!first && (pending->rows == 0 || rows + pending->rows > limit)) break;
      rows += pending->rows;
      batch->items.push_back(Remove(pending));
      if (batch->items.back()->rows == 0 || rows >= limit) break;
    }
    batch->bucket = bucket;
    bucket->regroup_target = 0;
    if (batch->items.empty()) Finish(batch);
  }
  const Variant* variant = batch->bucket->variant;
  batch->template_wanted = variant != nullptr && variant->state == Variant::State::kWanted &&
                           batch->items.front()->rows > 0;
}

void PendingQueue::Finish(Batch* batch) {
  Bucket* bucket = std::exchange(batch->bucket, nullptr);
  if (bucket == nullptr) return;
  --bucket->running;
  ForgetIfIdle(bucket);
}

TimePoint PendingQueue::Sweep(TimePoint now, std::vector<PendingPtr>* dropped) {
  TimePoint earliest = kNoDeadline;
  for (Pending* pending = queue_.front(); pending != nullptr;) {
    Pending* next = queue_.Next(pending);
    if (pending->Dead(now)) {
      Bucket* bucket = pending->bucket;
      dropped->push_back(Remove(pending));
      ForgetIfIdle(bucket);
    } else {
      earliest = std::min(earliest, pending->work.deadline);
    }
    pending = next;
  }
  return earliest;
}

void PendingQueue::TakeAll(std::vector<PendingPtr>* all) {
  while (Pending* pending = queue_.front()) all->push_back(Remove(pending));
}

PendingPtr PendingQueue::Remove(Pending* pending) {
  queue_.Remove(pending);
  pending->bucket->waiting.Remove(pending);
  pending->bucket->rows -= pending->rows;
  return PendingPtr(pending);
}

void PendingQueue::ForgetIfIdle(Bucket* bucket) {
  if (bucket->running > 0 || bucket->waiting.size() > 0 || buckets_.size() <= kKeptBuckets) return;
  buckets_.erase(buckets_.find(*bucket->key));
}

}  // namespace flambeau
