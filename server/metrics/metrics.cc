#include "metrics/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <array>
#include <map>
#include <mutex>
#include <utility>
#include <vector>

#include "metrics/host.h"
#include "metrics/metric_names.h"
#include "metrics/model_series_internal.h"
#include "metrics/process.h"

namespace flambeau {
namespace {

using prometheus::Counter;
using prometheus::Family;
using prometheus::Gauge;
using prometheus::Labels;

constexpr std::array<const char*, 4> kStates = {"LOADING", "READY", "UNAVAILABLE", "UNLOADING"};

double Seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

class PrometheusMetrics final : public Metrics {
 public:
  PrometheusMetrics()
      : families_(&registry_),
        unresolved_(families_.requests, "", ""),
        state_(AddGauge(&registry_, kMetricModelState)),
        load_seconds_(AddGauge(&registry_, kMetricLoadSeconds)),
        nv_load_seconds_(AddGauge(&registry_, kMetricNvLoadDuration)),
        load_failed_(AddGauge(&registry_, kMetricLoadFailed)),
        load_failures_(AddCounter(&registry_, kMetricLoadFailures)),
        in_flight_(&AddGauge(&registry_, kMetricInFlight)->Add({})),
        connections_(AddGauge(&registry_, kMetricConnections)),
        host_cpu_(&AddGauge(&registry_, kMetricNvCpuUtilization)->Add({})),
        host_memory_(&AddGauge(&registry_, kMetricNvCpuMemoryTotal)->Add({})),
        host_used_(&AddGauge(&registry_, kMetricNvCpuMemoryUsed)->Add({})),
        cpu_(&AddCounter(&registry_, kMetricProcessCpu)->Add({})),
        resident_(&AddGauge(&registry_, kMetricProcessResident)->Add({})),
        virtual_(&AddGauge(&registry_, kMetricProcessVirtual)->Add({})),
        threads_(&AddGauge(&registry_, kMetricProcessThreads)->Add({})),
        open_fds_(&AddGauge(&registry_, kMetricProcessOpenFds)->Add({})),
        max_fds_(&AddGauge(&registry_, kMetricProcessMaxFds)->Add({})),
        start_(&AddGauge(&registry_, kMetricProcessStart)->Add({})) {}

  std::shared_ptr<ModelMetrics> ForModel(const std::string& model,
                                         const std::string& version) override {
    const std::pair<std::string, std::string> key{model, version};
    std::lock_guard lock(mutex_);
    // An old handle, still pinned by a request, shares its series with the new one.
    std::weak_ptr<ModelSeries>& slot = models_[key];
    std::shared_ptr<ModelSeries> series = slot.lock();
    if (series == nullptr) {
      series = NewModelSeries(families_, model, version);
      slot = series;
    }
    return NewModelMetrics(std::move(series), &mutex_);
  }

  void Request(MetricsProtocol protocol, StatusCode status) override {
    unresolved_.Count(protocol, status);
  }

  void ModelState(const std::string& model, const std::string& version,
                  std::string_view state) override {
    const std::lock_guard lock(mutex_);
    if (state.empty()) return Forget(model, version);
    for (const char* name : kStates) {
      state_->Add({{"model", model}, {"version", version}, {"state", name}})
          .Set(state == name ? 1 : 0);
    }
  }

  void ModelLoadTime(const std::string& model, const std::string& version,
                     Duration duration) override {
    const Labels labels{{"model", model}, {"version", version}};
    const std::lock_guard lock(mutex_);
    load_seconds_->Add(labels).Set(Seconds(duration));
    nv_load_seconds_->Add(labels).Set(Seconds(duration));
  }

  void ModelLoad(const std::string& model, const std::string& version, bool succeeded) override {
    const std::lock_guard lock(mutex_);
    load_failed_->Add({{"model", model}, {"version", version}}).Set(succeeded ? 0 : 1);
    if (!succeeded) load_failures_->Add({{"model", model}}).Increment();
  }

  void InFlight(int delta) override { in_flight_->Increment(delta); }

  void OnScrape(std::string listener, std::function<double()> connections) override {
    Gauge* gauge = &connections_->Add({{"listener", std::move(listener)}});
    std::lock_guard lock(mutex_);
    scraped_.emplace_back(gauge, std::move(connections));
  }

  std::string Expose() override {
    std::lock_guard lock(mutex_);
    for (auto& [gauge, connections] : scraped_) gauge->Set(connections());
    ReadProcess();
    ReadHost();
    return prometheus::TextSerializer().Serialize(registry_.Collect());
  }

 private:
  // Under the lock. What a request still holds of the model goes with its handle.
  void Forget(const std::string& model, const std::string& version) {
    for (const char* name : kStates) {
      state_->Remove(&state_->Add({{"model", model}, {"version", version}, {"state", name}}));
    }
    const Labels labels{{"model", model}, {"version", version}};
    load_seconds_->Remove(&load_seconds_->Add(labels));
    nv_load_seconds_->Remove(&nv_load_seconds_->Add(labels));
    load_failed_->Remove(&load_failed_->Add(labels));
    const auto found = models_.find({model, version});
    if (found != models_.end() && found->second.expired()) models_.erase(found);
  }

  void ReadProcess() {
    const ProcessFigures figures = ReadProcessFigures();
    cpu_->Increment(figures.cpu_seconds - cpu_->Value());
    resident_->Set(figures.resident_bytes);
    virtual_->Set(figures.virtual_bytes);
    threads_->Set(figures.threads);
    open_fds_->Set(figures.open_fds);
    max_fds_->Set(figures.max_fds);
    start_->Set(figures.start_seconds);
  }

  void ReadHost() {
    const HostFigures figures = host_.Read();
    host_cpu_->Set(figures.cpu_utilization);
    host_memory_->Set(figures.memory_total_bytes);
    host_used_->Set(figures.memory_used_bytes);
  }

  prometheus::Registry registry_;
  ModelFamilies families_;
  RequestCounters unresolved_;
  Family<Gauge>* const state_;
  Family<Gauge>* const load_seconds_;
  Family<Gauge>* const nv_load_seconds_;
  Family<Gauge>* const load_failed_;
  Family<Counter>* const load_failures_;
  Gauge* const in_flight_;
  Family<Gauge>* const connections_;
  Gauge *const host_cpu_, *const host_memory_, *const host_used_;
  Counter* const cpu_;
  Gauge *const resident_, *const virtual_, *const threads_, *const open_fds_, *const max_fds_,
                                                                                  *const start_;
  std::mutex mutex_;
  HostReader host_;
  std::map<std::pair<std::string, std::string>, std::weak_ptr<ModelSeries>> models_;
  std::vector<std::pair<Gauge*, std::function<double()>>> scraped_;
};

}  // namespace

std::unique_ptr<Metrics> Metrics::Create() { return std::make_unique<PrometheusMetrics>(); }

}  // namespace flambeau
