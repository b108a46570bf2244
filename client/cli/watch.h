// flambeau status --watch: what each model does, again and again.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "cli/model_counters.h"
#include "cli/server_metrics.h"
#include "cli/status.h"
#include "flambeau/client.h"

namespace flambeau::client {

struct WatchOptions {
  std::string address;  // as shown
  std::string url;      // for /metrics; empty: do without
  std::chrono::milliseconds interval{2000};
  int count = 0;  // tables; 0: without end
  bool json = false;
  bool terminal = false;  // redraw in place
  bool colour = false;
  std::chrono::milliseconds timeout{60000};
};

struct WatchSample {
  std::chrono::steady_clock::time_point time;
  bool ready = false;
  std::vector<ModelState> states;
  std::vector<ModelCounters> counters;
  std::optional<ServerMetrics> metrics;
};

// What a version did between two samples. Without a value: nobody knows, or nothing was asked.
struct WatchRow {
  ModelState state;
  double requests = 0;         // a second, those that failed too
  double errors = 0;           // a second
  std::optional<double> mean;  // latency, seconds
  std::optional<double> p50;
  std::optional<double> p99;
  std::optional<double> batch;
  std::optional<double> queue_depth;
};

std::vector<WatchRow> MakeRows(const WatchSample& before, const WatchSample& after);
std::string WatchAsText(const std::vector<WatchRow>& rows, bool colour);
std::string WatchAsJson(const std::vector<WatchRow>& rows, bool ready);  // one line

// Prints a table after each interval; a server that goes is waited for. Returns the exit code.
int Watch(Client* client, const WatchOptions& options);

}  // namespace flambeau::client
