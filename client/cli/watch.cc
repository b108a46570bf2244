#include "cli/watch.h"

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <thread>
#include <utility>

#include "cli/exit_codes.h"
#include "cli/format.h"
#include "cli/table.h"

namespace flambeau::client {
namespace {

using nlohmann::ordered_json;

constexpr char kHomeAndClear[] = "\033[H\033[J";

absl::StatusOr<WatchSample> TakeSample(Client* client, const WatchOptions& options) {
  WatchSample sample;
  sample.time = std::chrono::steady_clock::now();
  const absl::StatusOr<bool> ready = client->Ready();
  if (!ready.ok()) return ready.status();
  sample.ready = *ready;
  absl::StatusOr<std::vector<ModelState>> states = client->Index();
  if (!states.ok()) return states.status();
  sample.states = *std::move(states);
  const auto models = client->Statistics("", "");
  if (models.ok()) sample.counters = CountersOf(*models);  // an extension
  if (!options.url.empty()) sample.metrics = AskMetrics(options.url, options.timeout);
  return sample;
}

void AddMetrics(const WatchSample& before, const ModelGauges& gauges, WatchRow* row) {
  row->queue_depth = gauges.queue_depth;
  LatencyBuckets old;
  if (before.metrics) {
    const auto found = before.metrics->find({row->state.name, row->state.version});
    if (found != before.metrics->end()) old = found->second.latencies;
  }
  row->p50 = Percentile(old, gauges.latencies, 50);
  row->p99 = Percentile(old, gauges.latencies, 99);
}

void AddCounters(const ModelCounters& counters, double seconds, WatchRow* row) {
  row->requests = static_cast<double>(counters.success.count + counters.fail.count) / seconds;
  row->errors = static_cast<double>(counters.fail.count) / seconds;
  if (counters.success.count > 0) row->mean = counters.success.MeanMicroseconds() / 1e6;
  if (counters.executions > 0) row->batch = counters.MeanBatch();
}

std::string OrDash(const std::optional<double>& value, std::string (*format)(double)) {
  return value ? format(*value) : "-";
}

std::string OneDecimal(double value) { return Format("%.1f", value); }
std::string Whole(double value) { return Format("%.0f", value); }

void Set(const char* key, const std::optional<double>& value, double factor, ordered_json* object) {
  if (value) (*object)[key] = *value * factor;
}

// A server that goes comes back, mostly.
void ShowAbsence(const absl::Status& status, const WatchOptions& options) {
  if (options.terminal) std::cout << kHomeAndClear << std::flush;
  std::cerr << "flambeau: " << std::string(status.message()) << std::endl;
}

void Show(const WatchSample& before, const WatchSample& after, const WatchOptions& options) {
  const std::vector<WatchRow> rows = MakeRows(before, after);
  if (options.json) {
    std::cout << WatchAsJson(rows, after.ready) << std::flush;
    return;
  }
  if (options.terminal) std::cout << kHomeAndClear;
  std::cout << options.address << ": " << (after.ready ? "ready" : "not ready") << "\n\n"
            << WatchAsText(rows, options.colour) << (options.terminal ? "" : "\n") << std::flush;
}

}  // namespace

std::vector<WatchRow> MakeRows(const WatchSample& before, const WatchSample& after) {
  const double seconds =
      std::max(std::chrono::duration<double>(after.time - before.time).count(), 1e-9);
  const std::vector<ModelCounters> counted = Difference(before.counters, after.counters);
  std::vector<WatchRow> rows;
  for (const ModelState& state : after.states) {
    WatchRow row;
    row.state = state;
    const auto counters =
        std::find_if(counted.begin(), counted.end(), [&](const ModelCounters& model) {
          return model.name == state.name && model.version == state.version;
        });
    if (counters != counted.end()) AddCounters(*counters, seconds, &row);
    if (after.metrics) {
      const auto gauges = after.metrics->find({state.name, state.version});
      if (gauges != after.metrics->end()) AddMetrics(before, gauges->second, &row);
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

std::string WatchAsText(const std::vector<WatchRow>& rows, bool colour) {
  if (rows.empty()) return "no models\n";
  Table table({{"MODEL"},
               {"VERSION"},
               {"STATE"},
               {"REQ/S"},
               {"ERR/S"},
               {"MEAN"},
               {"P50"},
               {"P99"},
               {"BATCH"},
               {"QUEUED"}});
  for (const WatchRow& row : rows) {
    table.AddRow({{row.state.name},
                  {row.state.version},
                  {row.state.state, ColourOf(row.state.state)},
                  {OneDecimal(row.requests)},
                  {OneDecimal(row.errors), row.errors > 0 ? kRed : nullptr},
                  {OrDash(row.mean, FormatSeconds)},
                  {OrDash(row.p50, FormatSeconds)},
                  {OrDash(row.p99, FormatSeconds)},
                  {OrDash(row.batch, OneDecimal)},
                  {OrDash(row.queue_depth, Whole)}});
  }
  return table.ToText(colour);
}

std::string WatchAsJson(const std::vector<WatchRow>& rows, bool ready) {
  ordered_json models = ordered_json::array();
  for (const WatchRow& row : rows) {
    ordered_json model = {{"name", row.state.name},
                          {"version", row.state.version},
                          {"state", row.state.state},
                          {"requests_per_second", row.requests},
                          {"errors_per_second", row.errors}};
    Set("latency_us_mean", row.mean, 1e6, &model);
    Set("latency_us_p50", row.p50, 1e6, &model);
    Set("latency_us_p99", row.p99, 1e6, &model);
    Set("batch_size_mean", row.batch, 1, &model);
    Set("queue_depth", row.queue_depth, 1, &model);
    models.push_back(std::move(model));
  }
  const ordered_json object = {{"ready", ready}, {"models", models}};
  return object.dump(-1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

int Watch(Client* client, const WatchOptions& options) {
  absl::StatusOr<WatchSample> before = TakeSample(client, options);
  if (before.ok() && options.terminal) Show(*before, *before, options);
  for (int i = 0; options.count == 0 || i < options.count; ++i) {
    std::this_thread::sleep_for(options.interval);
    absl::StatusOr<WatchSample> after = TakeSample(client, options);
    if (after.ok() && before.ok()) {
      Show(*before, *after, options);
    } else if (!after.ok()) {
      ShowAbsence(after.status(), options);
    }
    before = std::move(after);
  }
  if (!before.ok()) return kExitUnreachable;
  return before->ready ? kExitOk : kExitNotReady;
}

}  // namespace flambeau::client
