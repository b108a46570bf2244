// A waiting request, and the lists it waits in.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>

#include "batching/bucket.h"
#include "batching/scheduler.h"

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
  // Whose turn comes first: 2 * (level - 1), and one more once its queue timeout has delayed it.
  uint32_t rank = 0;
  TimePoint queue_deadline = kNoDeadline;  // of its queue policy; it counts while it waits
  bool delays = false;                     // past it the request is delayed, not refused
  Bucket* bucket = nullptr;                // while it waits
  uint32_t promise = 0;                    // PendingQueue::Promise
  Links in_queue;
  Links in_bucket;
  std::optional<Result<Outcome>> answer;

  bool cancelled() const { return work.cancel != nullptr && work.cancel->cancelled(); }
  // No longer worth a run.
  bool Dead(TimePoint now) const { return work.deadline <= now || cancelled(); }
  // No longer worth waiting, either.
  bool Expired(TimePoint now) const { return Dead(now) || (!delays && queue_deadline <= now); }
  bool Delayed(TimePoint now) const { return delays && queue_deadline <= now; }
  // When it has to be looked at next if nothing takes it.
  TimePoint WakeAt() const { return std::min(work.deadline, queue_deadline); }
};
using PendingPtr = std::unique_ptr<Pending>;

// An intrusive list: nothing is allocated to wait.
// Threads: one at a time (the scheduler's mutex). Lifetime: does not own what is in it. Errors:
// none.
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

// By rank, and first in, first out within one. Without priorities there is one rank, and its list
// is all there is.
// Threads: as PendingList, and so are lifetime and errors.
template <Pending::Links Pending::*kLinks>
class RankedList {
 public:
  using List = PendingList<kLinks>;

  Pending* front() const {
    if (first_.front() != nullptr || others_.empty()) return first_.front();
    return others_.begin()->second.front();
  }
  Pending* Next(const Pending* pending) const {
    Pending* next = List::Next(pending);
    if (next != nullptr || others_.empty()) return next;
    const auto later = others_.upper_bound(pending->rank);
    return later == others_.end() ? nullptr : later->second.front();
  }
  size_t size() const { return first_.size() + others_size_; }
  bool one_rank() const { return others_.empty(); }
  size_t size(uint32_t rank) const {
    if (rank == 0) return first_.size();
    const auto list = others_.find(rank);
    return list == others_.end() ? 0 : list->second.size();
  }
  // Calls `visit` with the oldest of each rank.
  template <typename Visit>
  void ForEachFront(const Visit& visit) const {
    if (first_.front() != nullptr) visit(*first_.front());
    for (const auto& [rank, list] : others_) visit(*list.front());
  }

  void PushBack(Pending* pending) {
    if (pending->rank != 0) return PushBackOther(pending);
    first_.PushBack(pending);
  }
  void Remove(Pending* pending) {
    if (pending->rank != 0) return RemoveOther(pending);
    first_.Remove(pending);
  }

 private:
  // Out of line, so that what every request passes stays small.
  [[gnu::noinline]] void PushBackOther(Pending* pending) {
    others_[pending->rank].PushBack(pending);
    ++others_size_;
  }
  [[gnu::noinline]] void RemoveOther(Pending* pending) {
    const auto list = others_.find(pending->rank);
    list->second.Remove(pending);
    if (list->second.size() == 0) others_.erase(list);
    --others_size_;
  }

  List first_;                       // rank 0
  std::map<uint32_t, List> others_;  // none is empty
  size_t others_size_ = 0;
};

}  // namespace flambeau
