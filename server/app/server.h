// The composition root: builds every part, joins them, starts, drains and stops them.
#pragma once

#include <atomic>
#include <memory>

#include "app/stop_signals.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/status.h"
#include "batching/core_permits.h"
#include "config/config.h"
#include "grpc/server.h"
#include "http/listener.h"
#include "metrics/metrics.h"
#include "repository/repository.h"
#include "serving/adjustable_log.h"
#include "serving/gate.h"
#include "serving/inference.h"
#include "serving/model_admin.h"
#include "serving/server_info.h"
#include "serving/shared_memory.h"
#include "serving/trace_file.h"
#include "serving/trace_settings.h"
#include "serving/tracer.h"

namespace flambeau {

// Threads: one, the main thread. Lifetime: members are destroyed in reverse order, so transports go
// before what they call. Errors: Create, with the exit code that goes with it.
class Server {
 public:
  // `log` lets everything through; `config` says what is written, until a client changes that.
  // Errors: FAILED_PRECONDITION (no such device, no backend), NOT_FOUND or INVALID_ARGUMENT (no
  // such models), UNAVAILABLE (a port is in use).
  static Result<std::unique_ptr<Server>> Create(const ServeConfig& config, Log* log);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Serves until a signal comes or a device is lost, then drains. Returns the process' exit code.
  // After a further signal, or while a model still loads, it ends the process itself: no load is
  // ever waited for.
  int Run(StopSignals* signals);

 private:
  Server(const ServeConfig& config, Log* log);
  Status Start();
  Status StartBackend();
  void OnDeviceLost();
  std::unique_ptr<Inspector> MakeInspector();
  Status StartTracing();
  Status StartTransports();
  void LogListening();
  int ServeUntilSignal(StopSignals* signals);
  void LogStopping(int signal);
  void AwaitBalancers(StopSignals* signals);
  int Drain(StopSignals* signals);
  bool Idle() const;

  ServeConfig config_;
  AdjustableLog adjustable_log_;
  Log* const log_;
  SystemClock clock_;
  std::unique_ptr<TraceFile> trace_file_;  // null without --trace-file, as the tracer then is
  std::unique_ptr<TraceSettings> traces_;
  std::unique_ptr<Tracer> tracer_;
  CorePermits permits_;
  std::unique_ptr<Metrics> metrics_;
  Gate gate_;
  std::atomic<bool> device_lost_{false};
  std::unique_ptr<Backend> backend_;
  std::unique_ptr<Inspector> inspector_;  // null with --check-models inline
  std::unique_ptr<Repository> repository_;
  std::unique_ptr<ResponseCache> response_cache_;  // null with --response-cache-bytes 0
  std::unique_ptr<Inference> inference_;
  SharedMemory shared_memory_;
  std::unique_ptr<ServerInfo> info_;
  std::unique_ptr<ModelAdmin> admin_;
  std::unique_ptr<HttpListener> http_;
  std::unique_ptr<HttpListener> metrics_http_;  // null with --metrics-port 0
  std::unique_ptr<GrpcServer> grpc_;
};

// 3 or 4: what the process exits with after that failure of Create.
int ExitCodeOf(const Status& status);

}  // namespace flambeau
