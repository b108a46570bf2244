// What the kernel says about this process, for the process_* metrics.
#pragma once

namespace flambeau {

struct ProcessFigures {
  double cpu_seconds = 0;
  double resident_bytes = 0;
  double virtual_bytes = 0;
  double threads = 0;
  double open_fds = 0;
  double max_fds = 0;
  double start_seconds = 0;  // since 1970
};

// Threads: any. Errors: none; what /proc does not tell stays 0.
ProcessFigures ReadProcessFigures();

}  // namespace flambeau
