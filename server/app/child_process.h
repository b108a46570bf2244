// Runs a program and collects what it has to say, until it ends or its time is over.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"

namespace flambeau {

// The file descriptor that the child's report is read from.
inline constexpr int kReportDescriptor = 3;

struct ChildCommand {
  std::string program;
  std::vector<std::string> arguments;  // without the program's name
  std::string input;                   // what its standard input holds
  size_t max_report_bytes = size_t{16} << 20;
};

struct ChildEnd {
  bool timed_out = false;
  int signal = 0;      // that ended it; 0: none
  int exit_code = 0;   // if no signal
  std::string report;  // what came on kReportDescriptor; cut at max_report_bytes
  std::string errors;  // the end of what came on its standard error
};

// The child has a session of its own, no file of this process but the three above (its standard
// output is dropped), default signals, and ends with everything that it started.
// Threads: any; also in a process of many threads, since nothing is forked. The real clock's
// `deadline`. Errors: INTERNAL if it cannot be started.
Result<ChildEnd> RunChild(const ChildCommand& command, TimePoint deadline);

}  // namespace flambeau
