// Every series the server exports, as calls with plain arguments; names live in metric_names.h.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/status.h"

namespace flambeau {

// The label "protocol".
enum class MetricsProtocol { kHttp, kGrpc };

// The series of one model version; cheap to update (no lookups).
// Threads: any. Lifetime: the Metrics outlives it; destroyed, its series disappear.
class ModelMetrics {
 public:
  virtual ~ModelMetrics() = default;
  // A request that reached this model, however it ended.
  virtual void Request(MetricsProtocol protocol, StatusCode status, Duration total) = 0;
  // One successful request of `rows` rows. `total` is from arrival to answer.
  virtual void Success(int64_t rows, Duration total, Duration queue, Duration compute_input,
                       Duration compute_infer, Duration compute_output) = 0;
  // A request that the response cache answered, and one that it could not, which is counted as a
  // success or a failure too.
  virtual void CacheHit(Duration total, Duration lookup) = 0;
  virtual void CacheMiss(Duration spent) = 0;
  // `reason`: Triton's "REJECTED", "CANCELED", "BACKEND" or "OTHER".
  virtual void Failure(std::string_view reason) = 0;
  // One run of the model.
  virtual void Run(int64_t rows, Duration compute) = 0;
  virtual void QueueDepth(size_t depth) = 0;
  virtual void InFlight(int delta) = 0;
};

// Threads: any. Lifetime: outlives everything that counts with it. Errors: none.
class Metrics {
 public:
  static std::unique_ptr<Metrics> Create();
  virtual ~Metrics() = default;

  virtual std::shared_ptr<ModelMetrics> ForModel(const std::string& model,
                                                 const std::string& version) = 0;
  // A request that ended before a model was resolved: its labels `model` and `version` are empty (a
  // client's text is never a label).
  virtual void Request(MetricsProtocol protocol, StatusCode status) = 0;
  // A series for each state, its name a label: 1 for this one. Empty: the model's series go.
  virtual void ModelState(const std::string& model, const std::string& version,
                          std::string_view state) = 0;
  virtual void ModelLoadTime(const std::string& model, const std::string& version,
                             Duration duration) = 0;
  // A load ended: failures are counted, and a gauge is 1 from a failure to the next success.
  virtual void ModelLoad(const std::string& model, const std::string& version, bool succeeded) = 0;
  virtual void InFlight(int delta) = 0;
  // Asked at each scrape: connections open on `listener` ("http", "metrics").
  virtual void OnScrape(std::string listener, std::function<double()> connections) = 0;

  // Prometheus' text format 0.0.4. Includes process CPU, memory, threads and file descriptors,
  // read now.
  virtual std::string Expose() = 0;
};

}  // namespace flambeau
