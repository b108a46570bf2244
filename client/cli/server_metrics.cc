#include "cli/server_metrics.h"

#include <httplib.h>

#include <cstdlib>
#include <limits>

namespace flambeau::client {
namespace {

constexpr std::string_view kQueueDepth = "flambeau_queue_depth";
constexpr std::string_view kLatency = "flambeau_request_seconds_bucket";

// A line of Prometheus' text format: name{label="value",...} number.
struct Series {
  std::string_view name;
  std::map<std::string, std::string> labels;
  double value = 0;
};

// Takes `key="value"` off `text`; backslashes stand before quotes, backslashes and n.
bool TakeLabel(std::string_view* text, std::map<std::string, std::string>* labels) {
  const size_t sign = text->find("=\"");
  if (sign == std::string_view::npos) return false;
  std::string& value = (*labels)[std::string(text->substr(0, sign))];
  for (size_t i = sign + 2; i < text->size(); ++i) {
    const char c = (*text)[i];
    if (c == '"') {
      text->remove_prefix(i + 1);
      if (text->starts_with(',')) text->remove_prefix(1);
      return true;
    }
    if (c != '\\' || i + 1 == text->size()) {
      value += c;
    } else {
      ++i;
      value += (*text)[i] == 'n' ? '\n' : (*text)[i];
    }
  }
  return false;
}

std::optional<Series> ParseLine(std::string_view line) {
  const size_t brace = line.find('{');
  if (line.starts_with('#') || brace == std::string_view::npos) return std::nullopt;
  Series series;
  series.name = line.substr(0, brace);
  if (series.name != kQueueDepth && series.name != kLatency) return std::nullopt;
  line.remove_prefix(brace + 1);
  while (!line.starts_with('}')) {
    if (!TakeLabel(&line, &series.labels)) return std::nullopt;
  }
  series.value = std::strtod(std::string(line.substr(1)).c_str(), nullptr);
  return series;
}

}  // namespace

ServerMetrics ParseMetrics(std::string_view text) {
  ServerMetrics metrics;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::optional<Series> series = ParseLine(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!series) continue;
    ModelGauges& gauges = metrics[{series->labels["model"], series->labels["version"]}];
    if (series->name == kQueueDepth) {
      gauges.queue_depth += series->value;
    } else {
      gauges.latencies[std::strtod(series->labels["le"].c_str(), nullptr)] += series->value;
    }
  }
  return metrics;
}

std::optional<ServerMetrics> AskMetrics(const std::string& url, std::chrono::milliseconds timeout) {
  httplib::Client client(url);
  if (!client.is_valid()) return std::nullopt;
  client.set_read_timeout(timeout);
  client.set_connection_timeout(timeout);
  const httplib::Result answer = client.Get("/metrics");
  if (!answer || answer->status != 200) return std::nullopt;
  ServerMetrics metrics = ParseMetrics(answer->body);
  if (metrics.empty()) return std::nullopt;
  return metrics;
}

std::optional<double> Percentile(const LatencyBuckets& before, const LatencyBuckets& after,
                                 double percent) {
  const auto count = [&before](const auto& bucket) {
    const auto old = before.find(bucket.first);
    return bucket.second - (old == before.end() ? 0 : old->second);
  };
  if (after.empty()) return std::nullopt;
  const double all = count(*after.rbegin());  // the last bound is infinity
  if (all <= 0) return std::nullopt;
  const double wanted = percent / 100 * all;
  double bound_below = 0;
  double count_below = 0;
  for (const auto& bucket : after) {
    if (count(bucket) >= wanted) {
      if (bucket.first == std::numeric_limits<double>::infinity()) return bound_below;
      const double share = (wanted - count_below) / (count(bucket) - count_below);
      return bound_below + share * (bucket.first - bound_below);
    }
    bound_below = bucket.first;
    count_below = count(bucket);
  }
  return bound_below;
}

}  // namespace flambeau::client
