// What became of the requests of a benchmark.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <string>

#include "cli/bench/arrivals.h"
#include "cli/bench/latency_histogram.h"

namespace flambeau::client {

// Threads: one writes; finished() may be read by any. Lifetime: none beyond its own. Errors: none.
class Tally {
 public:
  struct Window {
    Time start;  // the warm-up's end
    Time end;
    bool open_loop = false;  // answers that come after the end to requests due before it count, too
  };

  explicit Tally(const Window& window) : window_(window), last_(window.end) {}

  // `due`: when it should have been sent (open loop), or was.
  void Answered(Time due, Time done);
  // `code`: "429", "RESOURCE_EXHAUSTED", "timeout", "connection".
  void Failed(Time done, const std::string& code, const std::string& sentence);
  void Unsent() { ++unsent_; }
  void Add(const Tally& other);

  const Window& window() const { return window_; }
  const LatencyHistogram& latencies() const { return latencies_; }
  const std::map<std::string, int64_t>& errors() const { return errors_; }
  int64_t CountErrors() const;
  const std::string& first_error() const { return first_error_; }
  int64_t unsent() const { return unsent_; }  // were due, but every connection was busy to the end
  double Seconds() const;                     // from the window's start to the last answer counted
  int64_t finished() const { return finished_.load(std::memory_order_relaxed); }

 private:
  bool Counts(Time done);

  const Window window_;
  LatencyHistogram latencies_;
  std::map<std::string, int64_t> errors_;
  std::string first_error_;
  int64_t unsent_ = 0;
  Time last_;
  std::atomic<int64_t> finished_{0};  // answered, the warm-up's too
};

}  // namespace flambeau::client
