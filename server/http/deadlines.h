// When each connection of a loop has waited long enough. All waits of one kind last equally long,
// so that a list per kind is in order by itself and every operation takes constant time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>

#include "base/clock.h"

namespace flambeau {

enum class Wait : size_t { kNone, kIdle, kHead, kBody, kWrite, kLinger };

// Threads: one. Lifetime: handles are valid until Remove. Errors: none.
class Deadlines {
 private:
  struct Entry {
    uint32_t slot;
    Wait wait;
    TimePoint at;
  };
  using List = std::list<Entry>;

 public:
  using Handle = List::iterator;

  Handle Add(uint32_t slot) {
    List& none = lists_[0];
    return none.insert(none.end(), {slot, Wait::kNone, kNoDeadline});
  }
  // `at` must not be earlier than that of another entry of the same kind.
  void Set(Handle handle, Wait wait, TimePoint at) {
    List& to = lists_[static_cast<size_t>(wait)];
    to.splice(to.end(), lists_[static_cast<size_t>(handle->wait)], handle);
    handle->wait = wait;
    handle->at = at;
  }
  void Remove(Handle handle) { lists_[static_cast<size_t>(handle->wait)].erase(handle); }

  TimePoint Next() const {
    TimePoint next = kNoDeadline;
    for (size_t i = 1; i < lists_.size(); ++i) {
      if (!lists_[i].empty() && lists_[i].front().at < next) next = lists_[i].front().at;
    }
    return next;
  }

  // Calls `expired(slot, wait)` for every entry that is due, which it has set to kNone before.
  template <typename Expired>
  void Expire(TimePoint now, Expired expired) {
    for (size_t i = 1; i < lists_.size(); ++i) {
      while (!lists_[i].empty() && lists_[i].front().at <= now) {
        const Handle handle = lists_[i].begin();
        Set(handle, Wait::kNone, kNoDeadline);
        expired(handle->slot, static_cast<Wait>(i));
      }
    }
  }

 private:
  std::array<List, 6> lists_;
};

}  // namespace flambeau
