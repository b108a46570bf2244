#include "cli/bench/tally.h"

#include <algorithm>

namespace flambeau::client {

// What was due in the warm-up and is answered later counts with its latency: where requests pile
// up, there is nothing else. Answers after the end count, or the slowest would be left out.
bool Tally::Counts(Time done) {
  if (done < window_.start || (done >= window_.end && !window_.open_loop)) return false;
  last_ = std::max(last_, done);
  return true;
}

void Tally::Answered(Time due, Time done) {
  // One thread writes, so this needs no locked addition.
  finished_.store(finished() + 1, std::memory_order_relaxed);
  if (Counts(done)) {
    latencies_.Record(std::chrono::duration_cast<std::chrono::nanoseconds>(done - due).count());
  }
}

void Tally::Failed(Time done, const std::string& code, const std::string& sentence) {
  if (first_error_.empty()) first_error_ = sentence;  // of the warm-up, too
  if (Counts(done)) ++errors_[code];
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
