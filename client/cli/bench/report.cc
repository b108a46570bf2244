#include "cli/bench/report.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "cli/format.h"

namespace flambeau::client {
namespace {

using nlohmann::ordered_json;

struct Quantile {
  const char* heading;
  const char* key;
  double percent;
};

constexpr Quantile kQuantiles[] = {
    {"p50", "p50", 50}, {"p90", "p90", 90}, {"p99", "p99", 99}, {"p99.9", "p999", 99.9}};

std::string Duration(double nanoseconds) { return FormatSeconds(nanoseconds / 1e9); }

double Rate(const Tally& tally) {
  return static_cast<double>(tally.latencies().count()) / tally.Seconds();
}

double CpuMicroseconds(const BenchResult& result) {
  const int64_t answers = result.tally->latencies().count() + result.tally->CountErrors();
  return result.cpu_seconds * 1e6 / static_cast<double>(std::max<int64_t>(answers, 1));
}

std::string Describe(const BenchOptions& options) {
  const std::string model = options.model + (options.version.empty() ? "" : "/" + options.version);
  const std::string load =
      options.rate > 0 ? Format("%g requests/s (%s), at most %d at once", options.rate,
                                options.constant ? "constant" : "Poisson", options.concurrency)
                       : Format("%d at once", options.concurrency);
  return model + " by " + options.protocol + ", " + load;
}

std::string Errors(const Tally& tally) {
  std::string text;
  for (const auto& [code, count] : tally.errors()) {
    text += (text.empty() ? "" : ", ") + code + ": " + std::to_string(count);
  }
  return text;
}

// The server's body, or its sentence, in one line.
std::string OneLine(const std::string& text) {
  const ordered_json object = ordered_json::parse(text, nullptr, /*allow_exceptions=*/false);
  std::string line = object.is_object() && object.contains("error") && object["error"].is_string()
                         ? object["error"].get<std::string>()
                         : text;
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < ' '; }, ' ');
  return line;
}

ordered_json ServerAsJson(const ModelCounters& server) {
  return {{"requests", server.success.count},
          {"errors", server.fail.count},
          {"rows", server.inferences},
          {"batches", server.executions},
          {"batch_size_mean", server.MeanBatch()},
          {"queue_us_mean", server.queue.MeanMicroseconds()},
          {"compute_us_mean", server.compute.MeanMicroseconds()}};
}

}  // namespace

std::string BenchAsText(const BenchOptions& options, const BenchResult& result) {
  const Tally& tally = *result.tally;
  const LatencyHistogram& latencies = tally.latencies();
  std::string text = Describe(options) + "\n\n";
  text += Format("requests/s  %.1f (%lld in %.1f s)\n", Rate(tally),
                 static_cast<long long>(latencies.count()), tally.Seconds());
  text += Format("errors      %lld", static_cast<long long>(tally.CountErrors()));
  text += tally.errors().empty() ? "\n" : " (" + Errors(tally) + ")\n";
  if (!tally.first_error().empty()) {
    text += "            the first: " + OneLine(tally.first_error()) + "\n";
  }
  if (tally.unsent() > 0) {
    text += Format("not sent    %lld were due while all %d were waiting for answers\n",
                   static_cast<long long>(tally.unsent()), options.concurrency);
  }
  if (options.idle_connections > 0) {
    text += Format("idle        %d connections, %d of them ended by the server\n",
                   options.idle_connections, result.idle_closed);
  }
  std::string headings = Format("            %9s", "mean");
  std::string values = Format("latency     %9s", Duration(latencies.Mean()).c_str());
  for (const Quantile& quantile : kQuantiles) {
    const auto value = static_cast<double>(latencies.Percentile(quantile.percent));
    headings += Format("  %9s", quantile.heading);
    values += Format("  %9s", Duration(value).c_str());
  }
  headings += Format("  %9s", "max");
  values += Format("  %9s", Duration(static_cast<double>(latencies.max())).c_str());
  text += headings + "\n" + values + "\n";
  if (result.server) {
    text +=
        Format("server      batch size %.2f, queue %s, compute %s\n", result.server->MeanBatch(),
               Duration(result.server->queue.MeanMicroseconds() * 1e3).c_str(),
               Duration(result.server->compute.MeanMicroseconds() * 1e3).c_str());
  }
  return text + Format("this client %.1f us of CPU for each request\n", CpuMicroseconds(result));
}

std::string BenchAsJson(const BenchOptions& options, const BenchResult& result) {
  const Tally& tally = *result.tally;
  const LatencyHistogram& latencies = tally.latencies();
  ordered_json latency = {{"mean", latencies.Mean() / 1e3}};
  for (const Quantile& quantile : kQuantiles) {
    latency[quantile.key] = static_cast<double>(latencies.Percentile(quantile.percent)) / 1e3;
  }
  latency["max"] = static_cast<double>(latencies.max()) / 1e3;
  ordered_json object = {{"model", options.model},
                         {"version", options.version},
                         {"protocol", options.protocol},
                         {"loop", options.rate > 0 ? "open" : "closed"},
                         {"concurrency", options.concurrency}};
  if (options.rate > 0) {
    object["rate"] = options.rate;
    object["distribution"] = options.constant ? "constant" : "poisson";
  }
  object["seconds"] = tally.Seconds();
  object["requests"] = latencies.count();
  object["requests_per_second"] = Rate(tally);
  object["latency_us"] = latency;
  object["errors"] = ordered_json(tally.errors());
  if (!tally.first_error().empty()) object["first_error"] = OneLine(tally.first_error());
  object["not_sent"] = tally.unsent();
  if (options.idle_connections > 0) {
    object["idle_connections"] = {{"opened", options.idle_connections},
                                  {"closed_by_server", result.idle_closed}};
  }
  object["client_cpu_us_per_request"] = CpuMicroseconds(result);
  if (result.server) object["server"] = ServerAsJson(*result.server);
  return object.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace flambeau::client
