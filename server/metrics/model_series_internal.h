// The series of one model version, and the families that they belong to.
#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "metrics/metric_names.h"
#include "metrics/metrics.h"

namespace flambeau {

template <typename T>
using MetricFamily = prometheus::Family<T>;

MetricFamily<prometheus::Counter>* AddCounter(prometheus::Registry* registry,
                                              const MetricName& name);
MetricFamily<prometheus::Gauge>* AddGauge(prometheus::Registry* registry, const MetricName& name);

// Counters of one model by protocol and status. Those of kFromTheStart are there at 0 from the
// start: Prometheus' rate() does not see the first step of a series that begins with it. The others
// are made when first counted. Threads: any. Lifetime: the family outlives it; its series go with
// it. Errors: none.
class RequestCounters {
 public:
  RequestCounters(MetricFamily<prometheus::Counter>* family, std::string model,
                  std::string version);
  ~RequestCounters();
  RequestCounters(const RequestCounters&) = delete;
  RequestCounters& operator=(const RequestCounters&) = delete;

  void Count(MetricsProtocol protocol, StatusCode status);

 private:
  prometheus::Counter* Find(MetricsProtocol protocol, StatusCode status);

  // Canonical status codes run from 0 (OK) to 16 (UNAUTHENTICATED).
  static constexpr size_t kStatusCodes = 17;

  MetricFamily<prometheus::Counter>* const family_;
  const std::string model_;
  const std::string version_;
  std::array<std::array<std::atomic<prometheus::Counter*>, kStatusCodes>, 2> counters_{};
};

struct ModelFamilies {
  explicit ModelFamilies(prometheus::Registry* registry);

  MetricFamily<prometheus::Counter>*success, *failure, *count, *exec_count, *request_us, *queue_us,
      *input_us, *infer_us, *output_us, *cache_hits, *cache_misses, *cache_hit_us, *cache_miss_us,
      *requests;
  MetricFamily<prometheus::Gauge>*pending, *queue_depth, *model_in_flight;
  MetricFamily<prometheus::Histogram>*request_seconds, *queue_seconds, *compute_seconds,
      *batch_rows;
};

class ModelSeries;

// The families outlive them.
std::shared_ptr<ModelSeries> NewModelSeries(const ModelFamilies& families, const std::string& model,
                                            const std::string& version);
// Holds `mutex` while it lets go of the series, so that whoever looks for them under it never finds
// some that are about to be removed.
std::shared_ptr<ModelMetrics> NewModelMetrics(std::shared_ptr<ModelSeries> series,
                                              std::mutex* mutex);

}  // namespace flambeau
