#include "cli/bench/arrivals.h"

namespace flambeau::client {

Arrivals::Arrivals(double rate, Distribution distribution, Time start, uint64_t seed)
    : rate_(rate), distribution_(distribution), start_(start), random_(seed) {
  // Threads at the same constant rate must not all send at once.
  seconds_ = std::uniform_real_distribution<double>(0, 1 / rate_)(random_);
  next_ = start_ + std::chrono::duration_cast<SteadyClock::duration>(
                       std::chrono::duration<double>(seconds_));
}

void Arrivals::Pop() {
  seconds_ += distribution_ == Distribution::kConstant
                  ? 1 / rate_
                  : std::exponential_distribution<double>(rate_)(random_);
  next_ = start_ + std::chrono::duration_cast<SteadyClock::duration>(
                       std::chrono::duration<double>(seconds_));
}

}  // namespace flambeau::client
