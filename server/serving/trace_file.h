// Writes traces into a file, in Triton's format, on a thread of its own.
// Source: Triton, docs/user_guide/trace.md, "JSON Trace Output".
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/status.h"
#include "base/thread.h"
#include "serving/trace.h"

namespace flambeau {

// The file is a whole JSON array, but for the moments in which it is written. Traces with a
// log_frequency of n go into FILE.0, FILE.1 and so on, n in each; what is in the way is
// overwritten.
//
// Threads: any; Write does not wait for the disk.
// Lifetime: the destructor writes what waits, then joins; `log` outlives it.
// Errors: Create: FAILED_PRECONDITION for a file that cannot be written. A trace that finds no
// place is dropped, counted and told to the log.
class TraceFile {
 public:
  struct Options {
    std::string path;
    size_t max_waiting = 4096;
    size_t max_files = 1000;  // besides FILE itself
    uint64_t max_bytes = uint64_t{1} << 30;
  };

  static Result<std::unique_ptr<TraceFile>> Create(const Options& options, Log* log);
  ~TraceFile();
  TraceFile(const TraceFile&) = delete;
  TraceFile& operator=(const TraceFile&) = delete;

  void Write(Trace trace);
  // The file's name without its directories: what a client may know of it.
  std::string name() const;
  uint64_t dropped() const;

 private:
  using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;
  // An array that grows.
  struct Array {
    File file{nullptr, &std::fclose};
    long end = 0;  // where the next element goes
    int64_t traces = 0;
  };

  TraceFile(const Options& options, Log* log) : options_(options), log_(log) {}
  static bool Open(const std::string& path, Array* array);
  bool Append(const Trace& trace, Array* array);
  Array* ArrayOf(const Trace& trace);  // null: there is no place for it
  void Run();
  void WriteAll(const std::vector<Trace>& traces);
  void Drop(uint64_t count);

  const Options options_;
  Log* const log_;
  // The writer's own.
  Array whole_;
  Array part_;
  size_t parts_ = 0;
  uint64_t bytes_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Trace> waiting_;
  uint64_t dropped_ = 0;
  bool stopped_ = false;
  Thread thread_;
};

}  // namespace flambeau
