#include "batching/pending_queue.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace flambeau {
namespace {

// Empty buckets that are kept, so that the usual shapes need no allocation per request.
constexpr size_t kKeptBuckets = 64;
// Of a run: for less nobody else is woken.
constexpr Duration kWorthSharing = std::chrono::microseconds(500);
// What a run costs whatever its rows may be so small a part of it: every share has that cost anew.
constexpr int kFixedPart = 4;

std::vector<int64_t> Ascending(std::vector<int64_t> sizes) {
  std::sort(sizes.begin(), sizes.end());
  return sizes;
}

}  // namespace

PendingQueue::PendingQueue(const Options& options, Verdicts* verdicts)
    : options_(options),
      preferred_(Ascending(options.preferred_batch_sizes)),
      verdicts_(verdicts) {}

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
  if (pending->delays) delay_at_ = std::min(delay_at_, pending->queue_deadline);
  bucket.rows += pending->rows;
  bucket.waiting.PushBack(pending.get());
  queue_.PushBack(pending.release());
  return &bucket;
}

void PendingQueue::Promise(Pending* pending) {
  pending->promise = promise_;
  ++promised_;
}

void PendingQueue::EndPromises() {
  ++promise_;
  promised_ = 0;
}

int64_t PendingQueue::RowLimit(const Bucket& bucket) const {
  if (bucket.variant == nullptr || bucket.variant->proof.verdict != Verdict::kProven) return 0;
  return std::min(options_.max_batch_size, bucket.variant->proven_rows);
}

size_t PendingQueue::LevelSize(uint32_t rank) const {
  return queue_.size(rank & ~1u) + queue_.size(rank | 1u);
}

// A batch of so many rows is not held open for more.
int64_t PendingQueue::RowsWanted(int64_t limit) const {
  return !preferred_.empty() && preferred_.front() < limit ? preferred_.front() : limit;
}

TimePoint PendingQueue::ReadyAt(const Bucket& bucket) const {
  const Pending* const front = bucket.waiting.front();
  if (front->rows == 0 || bucket.rows >= RowsWanted(RowLimit(bucket))) return TimePoint::min();
  if (bucket.waiting.one_rank()) return ReadyAt(bucket, *front);
  TimePoint ready = kNoDeadline;
  bucket.waiting.ForEachFront(
      [&](const Pending& front) { ready = std::min(ready, ReadyAt(bucket, front)); });
  return ready;
}

TimePoint PendingQueue::ReadyAt(const Bucket& bucket, const Pending& front) const {
  TimePoint ready = front.submitted + options_.max_queue_delay;
  if (bucket.waiting.size() < bucket.regroup_target) ready = std::max(ready, bucket.regroup_until);
  // Never held so long that it could no longer be answered in time.
  const TimePoint half = front.submitted + (front.WakeAt() - front.submitted) / 2;
  return std::min({ready, half, front.work.deadline - bucket.typical_run});
}

Pending* PendingQueue::FirstReady(TimePoint now, Duration longest_run) const {
  for (Pending* pending = queue_.front(); pending != nullptr; pending = queue_.Next(pending)) {
    const Bucket& bucket = *pending->bucket;
    if (ReadyAt(bucket) <= now && Brief(bucket, longest_run)) return pending;
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

bool PendingQueue::Brief(const Bucket& bucket, Duration longest_run) const {
  if (longest_run == Duration::max()) return true;
  const int64_t limit = RowLimit(bucket);
  const int64_t first = bucket.waiting.front()->rows;
  const Duration run = bucket.cost.Of(std::min(bucket.rows, limit));
  return first > 0 && first <= limit && run > Duration::zero() && run <= longest_run;
}

// The largest preferred size that the first requests make exactly; `limit` if they make none.
int64_t PendingQueue::PreferredRows(const Bucket& bucket, int64_t limit) const {
  if (preferred_.empty()) return limit;
  int64_t rows = 0;
  int64_t best = limit;
  for (const Pending* pending = bucket.waiting.front();
       pending != nullptr && pending->rows > 0 && rows + pending->rows <= limit;
       pending = bucket.waiting.Next(pending)) {
    rows += pending->rows;
    if (std::binary_search(preferred_.begin(), preferred_.end(), rows)) best = rows;
  }
  return best;
}

// Of `limit` rows those that one of `takers` should take: where a row costs nearly as much in a
// batch as alone, one run of all would only let the others wait and their cores idle. Who runs a
// batch of the bucket is free again soon: without those, a closed loop that once fell into a large
// and a small part would stay so, and most clients wait for the large one.
int64_t PendingQueue::Share(const Bucket& bucket, int64_t limit, int64_t takers) const {
  takers += bucket.running - 1;  // the caller is in both
  if (takers < 2 || !options_.shares || !preferred_.empty() ||
      options_.max_queue_delay > Duration::zero()) {
    return limit;
  }
  const int64_t share = (bucket.rows + bucket.running_rows + takers - 1) / takers;
  if (share >= limit) return limit;
  const Duration shared = bucket.cost.Of(share);
  const Duration saved = bucket.cost.Of(std::min(bucket.rows, limit)) - shared;
  const bool cheap = bucket.cost.Of(0) * kFixedPart <= shared;
  return cheap && saved >= kWorthSharing ? share : limit;
}

void PendingQueue::Take(TimePoint now, const TakeOptions& options, Batch* batch) {
  if (delay_at_ <= now) DelayOverdue(now);
  while (batch->items.empty()) {
    const Pending* first = FirstReady(now, options.longest_run);
    if (first == nullptr) return;
    batch->bucket = first->bucket;
    ++batch->bucket->running;  // stays while its requests are looked at
    Fill(batch->bucket, now, options.takers, batch);
    batch->bucket->running_rows += batch->rows;
    batch->bucket->regroup_target = 0;
    if (batch->items.empty()) Finish(batch);
  }
  const Variant* variant = batch->bucket->variant;
  batch->template_wanted = variant != nullptr && variant->state == Variant::State::kWanted &&
                           batch->items.front()->rows > 0;
}

void PendingQueue::Fill(Bucket* bucket, TimePoint now, int64_t takers, Batch* batch) {
  const int64_t limit = Share(*bucket, PreferredRows(*bucket, RowLimit(*bucket)), takers);
  int64_t& rows = batch->rows;
  rows = 0;
  TimePoint tightest = kNoDeadline;
  while (Pending* pending = bucket->waiting.front()) {
    if (pending->Expired(now)) {
      batch->dropped.push_back(Remove(pending));
      continue;
    }
    const bool first = batch->items.empty();
    if (!first && (pending->rows == 0 || rows + pending->rows > limit)) return;
    // Nobody joins who would make the others late. One who will be late anyway holds nobody back.
    const TimePoint deadline = pending->work.deadline;
    if (deadline - now >= bucket->cost.Of(pending->rows)) tightest = std::min(tightest, deadline);
    if (!first && now + bucket->cost.Of(rows + pending->rows) > tightest) return;
    rows += pending->rows;
    pending->queue_deadline = kNoDeadline;  // it waits no more
    batch->items.push_back(Remove(pending));
    if (batch->items.back()->rows == 0 || rows >= limit) return;
  }
}

void PendingQueue::Finish(Batch* batch) {
  Bucket* bucket = std::exchange(batch->bucket, nullptr);
  if (bucket == nullptr) return;
  --bucket->running;
  bucket->running_rows -= batch->rows;
  ForgetIfIdle(bucket);
}

TimePoint PendingQueue::Sweep(TimePoint now, std::vector<PendingPtr>* dropped) {
  if (delay_at_ <= now) DelayOverdue(now);
  TimePoint earliest = kNoDeadline;
  for (Pending* pending = queue_.front(); pending != nullptr;) {
    Pending* next = queue_.Next(pending);
    if (pending->Expired(now)) {
      Bucket* bucket = pending->bucket;
      dropped->push_back(Remove(pending));
      ForgetIfIdle(bucket);
    } else {
      earliest = std::min(earliest, pending->WakeAt());
    }
    pending = next;
  }
  return earliest;
}

void PendingQueue::DelayOverdue(TimePoint now) {
  delay_at_ = kNoDeadline;
  for (Pending* pending = queue_.front(); pending != nullptr;) {
    Pending* next = queue_.Next(pending);
    if (pending->Delayed(now)) {
      DelayOne(pending);
    } else if (pending->delays) {
      delay_at_ = std::min(delay_at_, pending->queue_deadline);
    }
    pending = next;
  }
}

// To the end of its level, once and for all.
void PendingQueue::DelayOne(Pending* pending) {
  queue_.Remove(pending);
  pending->bucket->waiting.Remove(pending);
  pending->rank |= 1u;
  pending->delays = false;
  pending->queue_deadline = kNoDeadline;
  pending->bucket->waiting.PushBack(pending);
  queue_.PushBack(pending);
}

void PendingQueue::TakeAll(std::vector<PendingPtr>* all) {
  while (Pending* pending = queue_.front()) all->push_back(Remove(pending));
}

PendingPtr PendingQueue::Remove(Pending* pending) {
  queue_.Remove(pending);
  pending->bucket->waiting.Remove(pending);
  pending->bucket->rows -= pending->rows;
  if (pending->promise == promise_) --promised_;
  return PendingPtr(pending);
}

void PendingQueue::ForgetIfIdle(Bucket* bucket) {
  if (bucket->running > 0 || bucket->waiting.size() > 0 || buckets_.size() <= kKeptBuckets) return;
  buckets_.erase(buckets_.find(*bucket->key));
}

}  // namespace flambeau
