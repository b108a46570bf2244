#include "app/server.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

#include "app/backend_module.h"
#include "app/child_inspector.h"
#include "app/idle_memory.h"
#include "app/machine.h"
#include "http/routes.h"
#include "repository/file_stamp.h"
#include "wire/golden_examples.h"

namespace flambeau {
namespace {

constexpr auto kPoll = std::chrono::milliseconds(10);
constexpr auto kMemoryLook = std::chrono::seconds(3);
// gRPC's own threads get this long to end once everything has been answered.
constexpr auto kTransportGrace = std::chrono::seconds(2);

// Workers need the cores: a few threads read and answer for all of them. gRPC's share one epoll set
// and wake each other, so that two on two cores take twice one's CPU.
void ChooseTransportThreads(ServeConfig* config, int cores) {
  if (config->http.io_threads == 0) config->http.io_threads = std::clamp(cores / 2, 2, 8);
  if (config->grpc.threads == 0) config->grpc.threads = std::clamp(cores / 4, 1, 4);
}

// Where a client on this machine finds what listens on `host`.
std::string Reachable(const std::string& host, int port) {
  const bool any = host == "0.0.0.0" || host == "::";
  const std::string name = any ? "127.0.0.1" : host;
  const bool v6 = name.find(':') != std::string::npos;
  return (v6 ? "[" + name + "]" : name) + ":" + std::to_string(port);
}

// "/home/me/.cache/flambeau/inspections"; empty if nothing is to be kept, or there is no place.
std::string InspectionDirectory(const std::string& cache_dir) {
  constexpr char kFolder[] = "/inspections";
  if (cache_dir == "none") return "";
  if (!cache_dir.empty()) return cache_dir + kFolder;
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && cache[0] == '/') return std::string(cache) + "/flambeau" + kFolder;
  const char* home = std::getenv("HOME");
  return home == nullptr || home[0] != '/' ? "" : std::string(home) + "/.cache/flambeau" + kFolder;
}

// Another build, or one with other flags, finds out anew what this one found out.
std::string ProgramIdentity(const std::vector<std::string>& flags) {
  std::string identity;
  for (const std::string& flag : flags) identity += flag + " ";
  for (const std::string& file : {std::string("/proc/self/exe"), BackendModulePath()}) {
    const FileStamp stamp = StampOf(file);
    identity += std::to_string(stamp.size) + "@" + std::to_string(stamp.modified) + " ";
  }
  // It decides how the checks' runs round, and how long they take.
  if (const char* tf32 = std::getenv("NVIDIA_TF32_OVERRIDE")) identity += tf32;
  return identity;
}

// Nothing may wait: neither destructors nor a load.
[[noreturn]] void EndNow(int code) { std::_Exit(code); }

}  // namespace

int ExitCodeOf(const Status& status) {
  return status.code() == StatusCode::kUnavailable ? kExitPort : kExitSetup;
}

Server::Server(const ServeConfig& config, Log* log)
    : config_(config),
      adjustable_log_(log, config.log_level),
      log_(&adjustable_log_),
      permits_(UsableCores()),
      metrics_(Metrics::Create()),
      gate_(config.gate, &clock_, log_, metrics_.get()),
      shared_memory_(config.shared_memory) {}

// Each listener may still answer a scrape, which asks the other: both stop before either goes.
Server::~Server() {
  if (http_) http_->Stop();
  if (metrics_http_) metrics_http_->Stop();
}

Result<std::unique_ptr<Server>> Server::Create(const ServeConfig& config, Log* log) {
  std::unique_ptr<Server> server(new Server(config, log));
  FLAMBEAU_RETURN_IF_ERROR(server->Start());
  return server;
}

Status Server::StartTracing() {
  if (!config_.trace_file.empty()) {
    FLAMBEAU_ASSIGN_OR_RETURN(trace_file_, TraceFile::Create({config_.trace_file}, log_));
  }
  traces_ = std::make_unique<TraceSettings>(log_, trace_file_ ? trace_file_->name() : "");
  if (trace_file_) tracer_ = std::make_unique<Tracer>(traces_.get(), trace_file_.get(), &clock_);
  return OkStatus();
}

Status Server::StartBackend() {
  const Parallelism said{config_.instances, config_.threads};
  const Parallelism chosen = FillCores(said, permits_.cores());
  config_.instances = chosen.instances;
  config_.threads = chosen.threads;
  FLAMBEAU_ASSIGN_OR_RETURN(
      backend_,
      LoadBackend({log_, &config_.allowed_operators, [this] { OnDeviceLost(); }}, config_.threads));
  FLAMBEAU_ASSIGN_OR_RETURN(config_.repository.device, backend_->ResolveDevice(config_.device));
  const bool on_cpu = config_.repository.device == "cpu";
  if (said.instances == 0 && !on_cpu) config_.instances = kInstancesOnAccelerator;
  if (config_.tune) {
    config_.repository.tuning = {on_cpu && said.instances == 0, on_cpu && said.threads == 0, true,
                                 permits_.cores()};
  }
  config_.repository.scheduler.instances = config_.instances;
  config_.repository.scheduler.intra_op_threads = config_.threads;
  log_->Info("starting", {{"backend", backend_->name()},
                          {"libtorch", backend_->version()},
                          {"device", config_.repository.device},
                          {"cores", permits_.cores()},
                          {"instances", config_.instances},
                          {"threads", config_.threads}});
  return OkStatus();
}

// Only a new process can use the device again: the supervisor starts one.
void Server::OnDeviceLost() {
  device_lost_.store(true);
  StopSignals::Raise();
}

Status Server::Start() {
  FLAMBEAU_RETURN_IF_ERROR(StartTracing());
  FLAMBEAU_RETURN_IF_ERROR(StartBackend());
  if (config_.check_in_child) inspector_ = MakeInspector();
  FLAMBEAU_ASSIGN_OR_RETURN(
      repository_, Repository::Create(config_.repository,
                                      {backend_.get(), &clock_, &permits_, log_, metrics_.get(),
                                       inspector_.get(), CheckGoldenExamples}));
  if (config_.response_cache_bytes > 0) {
    response_cache_ = std::make_unique<ResponseCache>(config_.response_cache_bytes);
  }
  inference_ = std::make_unique<Inference>(&gate_, repository_.get(), &clock_,
                                           response_cache_.get(), tracer_.get());
  std::vector<std::string> extensions;
  if (trace_file_) extensions.emplace_back("trace");
  if (shared_memory_.enabled()) extensions.emplace_back("system_shared_memory");
  if (config_.repository.control == ModelControl::kExplicit) {
    extensions.emplace_back("model_repository(unload_dependents)");
  }
  info_ = std::make_unique<ServerInfo>(repository_.get(), &gate_, std::move(extensions));
  admin_ = std::make_unique<ModelAdmin>(repository_.get());
  const Status status = StartTransports();
  if (!status.ok()) repository_->Stop();
  if (!status.ok() && !repository_->Settled()) {
    // Destroying the repository would wait for the loads and checks that have begun.
    std::cerr << "flambeau-server: " << Message(status) << std::endl;
    EndNow(ExitCodeOf(status));
  }
  return status;
}

std::unique_ptr<Inspector> Server::MakeInspector() {
  ChildInspector::Options options;
  options.timeout = config_.check_timeout;
  options.flags = {"--optimizations", ToString(config_.optimizations)};
  for (const std::string& name : config_.allowed_operators) {
    options.flags.insert(options.flags.end(), {"--allow-operator", name});
  }
  const std::string directory = InspectionDirectory(config_.cache_dir);
  if (!directory.empty()) {
    auto cache = InspectionCache::Create({directory, ProgramIdentity(options.flags)});
    if (cache.ok()) {
      options.cache = *std::move(cache);
    } else {
      log_->Info("checks of models are not kept",
                 {{"directory", directory}, {"reason", Message(cache.status())}});
    }
  }
  return std::make_unique<ChildInspector>(std::move(options), log_);
}

Status Server::StartTransports() {
  ChooseTransportThreads(&config_, permits_.cores());
  const HttpServices services{inference_.get(), info_.get(),   metrics_.get(), &shared_memory_,
                              &adjustable_log_, traces_.get(), admin_.get()};
  FLAMBEAU_ASSIGN_OR_RETURN(
      http_, HttpListener::Create(config_.http, ServingRoutes(services), &clock_, log_));
  metrics_->OnScrape("http", [this] { return static_cast<double>(http_->connections()); });
  if (config_.metrics_port != 0) {
    HttpListener::Options options = config_.http;
    options.name = "metrics";
    options.port = config_.metrics_port;
    options.io_threads = 1;
    FLAMBEAU_ASSIGN_OR_RETURN(
        metrics_http_, HttpListener::Create(options, MetricsRoutes(metrics_.get()), &clock_, log_));
    metrics_->OnScrape("metrics",
                       [this] { return static_cast<double>(metrics_http_->connections()); });
  }
  FLAMBEAU_ASSIGN_OR_RETURN(
      grpc_, GrpcServer::Create(config_.grpc,
                                {inference_.get(), info_.get(), &shared_memory_, &adjustable_log_,
                                 traces_.get(), admin_.get()},
                                &clock_, log_));
  LogListening();
  return OkStatus();
}

void Server::LogListening() {
  log_->Info("listening", {{"host", config_.http.host},
                           {"http_port", http_->port()},
                           {"grpc_port", grpc_->port()},
                           {"metrics_port", metrics_http_ ? metrics_http_->port() : 0}});
}

int Server::Run(StopSignals* signals) {
  int signal = 0;
  while (signal == 0 && !repository_->Settled()) signal = signals->WaitFor(kPoll);
  if (signal == 0) {
    const auto index = repository_->Index();
    const auto ready = std::count_if(index.begin(), index.end(), [](const IndexEntry& entry) {
      return entry.state == ModelState::kReady;
    });
    const std::string url = "http://" + Reachable(config_.http.host, http_->port()) + "/";
    log_->Info("serving", {{"models", static_cast<int64_t>(ready)},
                           {"failed", static_cast<int64_t>(index.size()) - ready},
                           {"http", url},
                           {"grpc", Reachable(config_.grpc.host, grpc_->port())},
                           {"try", "curl -s " + url}});
    signal = ServeUntilSignal(signals);
  }
  LogStopping(signal);
  AwaitBalancers(signals);
  return Drain(signals);
}

int Server::ServeUntilSignal(StopSignals* signals) {
  IdleMemory memory;
  GiveBackMemory();  // what loading took
  memory.GaveBack(ResidentMemory());
  while (true) {
    if (const int signal = signals->WaitFor(kMemoryLook)) return signal;
    if (!memory.WorthGivingBack(gate_.in_flight(), ResidentMemory())) continue;
    GiveBackMemory();
    memory.GaveBack(ResidentMemory());
  }
}

void Server::LogStopping(int signal) {
  const std::string name = signal == SIGINT ? "SIGINT" : "SIGTERM";
  if (device_lost_.load()) log_->Error("the device is lost: only a new process can use it again");
  log_->Info("stopping",
             {{"signal", device_lost_.load() ? "none" : name}, {"in_flight", gate_.in_flight()}});
}

// They send no more once they have seen that this server is not ready; until then they are
// answered. Another signal ends the wait.
void Server::AwaitBalancers(StopSignals* signals) {
  info_->BeginLeaving();
  const TimePoint until = clock_.Now() + config_.drain_delay;
  while (!device_lost_.load() && clock_.Now() < until) {
    if (signals->WaitFor(kPoll) != 0) return;
  }
}

// A connection that has its answer still to be written counts as busy.
bool Server::Idle() const { return gate_.in_flight() == 0 && http_->Drained(); }

int Server::Drain(StopSignals* signals) {
  gate_.BeginDrain();
  http_->BeginDrain();
  grpc_->BeginDrain();
  admin_->BeginDrain();
  const TimePoint deadline = clock_.Now() + config_.drain_timeout;
  while (!Idle() && clock_.Now() < deadline) {
    if (const int signal = signals->WaitFor(kPoll)) {
      log_->Warning("stopped at once by another signal", {{"in_flight", gate_.in_flight()}});
      EndNow(128 + signal);
    }
  }
  if (gate_.in_flight() > 0) {
    log_->Warning("the drain timeout passed", {{"in_flight", gate_.in_flight()}});
  }
  grpc_->Stop(clock_.Now() +
              (gate_.in_flight() > 0 ? Duration::zero() : Duration(kTransportGrace)));
  http_->Stop();
  if (metrics_http_) metrics_http_->Stop();
  repository_->Stop();
  log_->Info("stopped");
  if (device_lost_.load()) EndNow(kExitDevice);  // to free what is on it would fail
  // A load in progress, or a run that outlived the drain, cannot be interrupted.
  if (!repository_->Settled() || gate_.in_flight() > 0) EndNow(0);
  return 0;
}

}  // namespace flambeau
