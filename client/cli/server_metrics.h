// What a Flambeau server's /metrics tell and the protocol's statistics do not.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace flambeau::client {

// Requests that took at most so many seconds, since the version was loaded.
using LatencyBuckets = std::map<double, double>;

struct ModelGauges {
  double queue_depth = 0;
  LatencyBuckets latencies;
};

// By model and version.
using ServerMetrics = std::map<std::pair<std::string, std::string>, ModelGauges>;

// Reads Prometheus' text format; passes over what it does not know.
ServerMetrics ParseMetrics(std::string_view text);

// Of the HTTP server at `url`; none if it does not answer, or has no such metrics.
std::optional<ServerMetrics> AskMetrics(const std::string& url, std::chrono::milliseconds timeout);

// In seconds: what `percent` of the requests between `before` and `after` did not exceed, between
// two buckets' bounds by proportion; none if there were no requests.
std::optional<double> Percentile(const LatencyBuckets& before, const LatencyBuckets& after,
                                 double percent);

}  // namespace flambeau::client
