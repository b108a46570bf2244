#include "cli/bench/tally.h"

#include <algorithm>

namespace flambeau::client {

bool Tally::Counts(Time due, Time done) {
  const Time time = window_.open_loop ? due : done;
  if (time < window_.start || time >= window_.end) return false;
  last_ = std::max(last_, done);
  return true;
}

void Tally::Answered(Time due, Time done) {
  // One thread writes, so this needs no locked addition.
  finished_.store(finished() + 1, std::memory_order_relaxed);
  if (Counts(due, done)) {
    latencies_.Record(std::chrono::duration_cast<std::chrono::nanoseconds>(done - due).count());
  }
}

void Tally::Failed(Time due, Time done, const std::string& code, const std::string& sentence) {
  if (first_error_.empty()) first_error_ = sentence;  // of the warm-up, too
  if (Counts(due, done)) ++errors_[code];
}

void Tally::Unsent(Time due) {
  if (due >= window_.start && due < window_.end) ++unsent_;
}

void Tally::Add(const Tally& other) {
  latencies_.Add(other.latencies_);
  for (const auto& [code, count] : other.errors_) errors_[code] += count;
  if (first_error_.empty()) first_error_ = other.first_error_;
  unsent_ += other.unsent_;
  last_ = std::max(last_, other.last_);
  finished_.store(finished() + other.finished(), std::memory_order_relaxed);
}

int64_t Tally::CountErrors() const {
  int64_t count = 0;
  for (const auto& [code, errors] : errors_) count += errors;
  return count;
}

double Tally::Seconds() const {
  return std::chrono::duration<double>(last_ - window_.start).count();
}

}  // namespace flambeau::client
