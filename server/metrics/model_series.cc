#include <array>
#include <chrono>
#include <utility>

#include "metrics/model_series_internal.h"

namespace flambeau {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Histogram;
using prometheus::Labels;

// How requests usually end, and what alerts count; a client's other mistakes may come later.
constexpr std::array kFromTheStart = {StatusCode::kOk,          StatusCode::kInvalidArgument,
                                      StatusCode::kInternal,    StatusCode::kResourceExhausted,
                                      StatusCode::kUnavailable, StatusCode::kDeadlineExceeded};

constexpr std::array<const char*, 4> kReasons = {"REJECTED", "CANCELED", "BACKEND", "OTHER"};

// A hundred microseconds to a minute; small models answer in the first few buckets.
const Histogram::BucketBoundaries& SecondsBuckets() {
  static const Histogram::BucketBoundaries buckets = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                                      0.01,   0.025,   0.05,   0.1,   0.25,   0.5,
                                                      1,      2.5,     5,      10,    30,     60};
  return buckets;
}

const Histogram::BucketBoundaries& RowsBuckets() {
  static const Histogram::BucketBoundaries buckets = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024};
  return buckets;
}

double Seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }
double Microseconds(Duration duration) {
  return std::chrono::duration<double, std::micro>(duration).count();
}

Family<Histogram>* AddHistogram(prometheus::Registry* registry, const MetricName& name) {
  return &prometheus::BuildHistogram().Name(name.name).Help(name.help).Register(*registry);
}

std::string StatusName(size_t code) {
  return absl::StatusCodeToString(static_cast<StatusCode>(code));
}

// A series that goes with its owner.
template <typename T>
class Series {
 public:
  template <typename... Args>
  explicit Series(Family<T>* family, const Labels& labels, const Args&... args)
      : family_(family), metric_(&family->Add(labels, args...)) {}
  ~Series() { family_->Remove(metric_); }
  Series(const Series&) = delete;
  Series& operator=(const Series&) = delete;
  T* operator->() const { return metric_; }

 private:
  Family<T>* family_;
  T* metric_;
};

struct CacheSeries {
  CacheSeries(const ModelFamilies& families, const Labels& labels)
      : hits(families.cache_hits, labels),
        misses(families.cache_misses, labels),
        hit_us(families.cache_hit_us, labels),
        miss_us(families.cache_miss_us, labels) {}

  Series<Counter> hits, misses, hit_us, miss_us;
};

}  // namespace

Family<Counter>* AddCounter(prometheus::Registry* registry, const MetricName& name) {
  return &prometheus::BuildCounter().Name(name.name).Help(name.help).Register(*registry);
}
Family<Gauge>* AddGauge(prometheus::Registry* registry, const MetricName& name) {
  return &prometheus::BuildGauge().Name(name.name).Help(name.help).Register(*registry);
}

RequestCounters::RequestCounters(Family<Counter>* family, std::string model, std::string version)
    : family_(family), model_(std::move(model)), version_(std::move(version)) {
  for (const StatusCode status : kFromTheStart) {
    Find(MetricsProtocol::kHttp, status);
    Find(MetricsProtocol::kGrpc, status);
  }
}

RequestCounters::~RequestCounters() {
  for (auto& by_status : counters_) {
    for (auto& counter : by_status) {
      if (counter.load() != nullptr) family_->Remove(counter.load());
    }
  }
}

void RequestCounters::Count(MetricsProtocol protocol, StatusCode status) {
  Find(protocol, status)->Increment();
}

Counter* RequestCounters::Find(MetricsProtocol protocol, StatusCode status) {
  size_t code = static_cast<size_t>(status);
  if (code >= kStatusCodes) code = static_cast<size_t>(StatusCode::kUnknown);
  auto& slot = counters_[protocol == MetricsProtocol::kHttp ? 0 : 1][code];
  Counter* counter = slot.load(std::memory_order_acquire);
  if (counter == nullptr) {
    // Two threads may get here: the family gives both the same counter.
    counter = &family_->Add({{"model", model_},
                             {"version", version_},
                             {"protocol", protocol == MetricsProtocol::kHttp ? "http" : "grpc"},
                             {"status", StatusName(code)}});
    slot.store(counter, std::memory_order_release);
  }
  return counter;
}

ModelFamilies::ModelFamilies(prometheus::Registry* registry)
    : success(AddCounter(registry, kMetricNvSuccess)),
      failure(AddCounter(registry, kMetricNvFailure)),
      count(AddCounter(registry, kMetricNvCount)),
      exec_count(AddCounter(registry, kMetricNvExecCount)),
      request_us(AddCounter(registry, kMetricNvRequestDuration)),
      queue_us(AddCounter(registry, kMetricNvQueueDuration)),
      input_us(AddCounter(registry, kMetricNvComputeInput)),
      infer_us(AddCounter(registry, kMetricNvComputeInfer)),
      output_us(AddCounter(registry, kMetricNvComputeOutput)),
      cache_hits(AddCounter(registry, kMetricNvCacheHits)),
      cache_misses(AddCounter(registry, kMetricNvCacheMisses)),
      cache_hit_us(AddCounter(registry, kMetricNvCacheHitDuration)),
      cache_miss_us(AddCounter(registry, kMetricNvCacheMissDuration)),
      requests(AddCounter(registry, kMetricRequests)),
      pending(AddGauge(registry, kMetricNvPending)),
      queue_depth(AddGauge(registry, kMetricQueueDepth)),
      model_in_flight(AddGauge(registry, kMetricModelInFlight)),
      request_seconds(AddHistogram(registry, kMetricRequestSeconds)),
      queue_seconds(AddHistogram(registry, kMetricQueueSeconds)),
      compute_seconds(AddHistogram(registry, kMetricComputeSeconds)),
      batch_rows(AddHistogram(registry, kMetricBatchRows)) {}

class ModelSeries {
  const ModelFamilies& families_;
  const Labels labels_;
  std::once_flag cache_made_;
  std::optional<CacheSeries> cache_;

 public:
  ModelSeries(const ModelFamilies& families, const std::string& model, const std::string& version)
      : ModelSeries(families, model, version, Labels{{"model", model}, {"version", version}}) {}

  // Made when first counted: a model without the cache has none.
  CacheSeries& cache() {
    std::call_once(cache_made_, [this] { cache_.emplace(families_, labels_); });
    return *cache_;
  }

  Series<Counter> success, count, exec_count, request_us, queue_us, input_us, infer_us, output_us;
  std::array<Series<Counter>, kReasons.size()> failure;
  Series<Gauge> pending, queue_depth, in_flight;
  Series<Histogram> request_seconds, queue_seconds, compute_seconds, batch_rows;
  RequestCounters requests;

 private:
  static Labels WithReason(Labels labels, size_t reason) {
    labels["reason"] = kReasons[reason];
    return labels;
  }
  ModelSeries(const ModelFamilies& families, const std::string& model, const std::string& version,
              const Labels& labels)
      : families_(families),
        labels_(labels),
        success(families.success, labels),
        count(families.count, labels),
        exec_count(families.exec_count, labels),
        request_us(families.request_us, labels),
        queue_us(families.queue_us, labels),
        input_us(families.input_us, labels),
        infer_us(families.infer_us, labels),
        output_us(families.output_us, labels),
        failure{{Series<Counter>(families.failure, WithReason(labels, 0)),
                 Series<Counter>(families.failure, WithReason(labels, 1)),
                 Series<Counter>(families.failure, WithReason(labels, 2)),
                 Series<Counter>(families.failure, WithReason(labels, 3))}},
        pending(families.pending, labels),
        queue_depth(families.queue_depth, labels),
        in_flight(families.model_in_flight, labels),
        request_seconds(families.request_seconds, labels, SecondsBuckets()),
        queue_seconds(families.queue_seconds, labels, SecondsBuckets()),
        compute_seconds(families.compute_seconds, labels, SecondsBuckets()),
        batch_rows(families.batch_rows, labels, RowsBuckets()),
        requests(families.requests, model, version) {}
};

namespace {

class PrometheusModelMetrics final : public ModelMetrics {
 public:
  PrometheusModelMetrics(std::shared_ptr<ModelSeries> series, std::mutex* mutex)
      : series_(std::move(series)), mutex_(mutex) {}
  ~PrometheusModelMetrics() override {
    std::lock_guard lock(*mutex_);
    series_.reset();
  }
  PrometheusModelMetrics(const PrometheusModelMetrics&) = delete;
  PrometheusModelMetrics& operator=(const PrometheusModelMetrics&) = delete;

  void Request(MetricsProtocol protocol, StatusCode status, Duration total) override {
    series_->requests.Count(protocol, status);
    series_->request_seconds->Observe(Seconds(total));
  }

  void Success(int64_t rows, Duration total, Duration queue, Duration compute_input,
               Duration compute_infer, Duration compute_output) override {
    series_->success->Increment();
    series_->count->Increment(static_cast<double>(rows));
    series_->request_us->Increment(Microseconds(total));
    series_->queue_us->Increment(Microseconds(queue));
    series_->input_us->Increment(Microseconds(compute_input));
    series_->infer_us->Increment(Microseconds(compute_infer));
    series_->output_us->Increment(Microseconds(compute_output));
    series_->queue_seconds->Observe(Seconds(queue));
  }

  void CacheHit(Duration total, Duration lookup) override {
    series_->success->Increment();
    series_->request_us->Increment(Microseconds(total));
    series_->cache().hits->Increment();
    series_->cache().hit_us->Increment(Microseconds(lookup));
  }

  void CacheMiss(Duration spent) override {
    series_->cache().misses->Increment();
    series_->cache().miss_us->Increment(Microseconds(spent));
  }

  void Failure(std::string_view reason) override {
    size_t index = 0;
    while (index + 1 < kReasons.size() && reason != kReasons[index]) ++index;
    series_->failure[index]->Increment();
  }

  void Run(int64_t rows, Duration compute) override {
    series_->exec_count->Increment();
    series_->compute_seconds->Observe(Seconds(compute));
    series_->batch_rows->Observe(static_cast<double>(rows));
  }

  void QueueDepth(size_t depth) override {
    series_->pending->Set(static_cast<double>(depth));
    series_->queue_depth->Set(static_cast<double>(depth));
  }

  void InFlight(int delta) override { series_->in_flight->Increment(delta); }

 private:
  std::shared_ptr<ModelSeries> series_;
  std::mutex* const mutex_;
};

}  // namespace

std::shared_ptr<ModelSeries> NewModelSeries(const ModelFamilies& families, const std::string& model,
                                            const std::string& version) {
  return std::make_shared<ModelSeries>(families, model, version);
}

std::shared_ptr<ModelMetrics> NewModelMetrics(std::shared_ptr<ModelSeries> series,
                                              std::mutex* mutex) {
  return std::make_shared<PrometheusModelMetrics>(std::move(series), mutex);
}

}  // namespace flambeau
