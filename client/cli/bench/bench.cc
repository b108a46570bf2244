#include "cli/bench/bench.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "cli/bench/grpc_driver.h"
#include "cli/bench/http_driver.h"
#include "cli/bench/http_requests.h"
#include "cli/bench/idle_connections.h"
#include "cli/bench/report.h"
#include "cli/bench/sample_inputs.h"
#include "cli/bench/target.h"
#include "cli/exit_codes.h"
#include "cli/model_counters.h"
#include "cli/predict.h"

namespace flambeau::client {
namespace {

constexpr int kOpenLoopConcurrency = 256;
constexpr auto kConnectTimeout = std::chrono::milliseconds(5000);
constexpr auto kProgressEvery = std::chrono::milliseconds(500);

SteadyClock::duration Seconds(double seconds) {
  return std::chrono::duration_cast<SteadyClock::duration>(std::chrono::duration<double>(seconds));
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

int Fail(const absl::Status& status) {
  std::cerr << "flambeau: " << std::string(status.message()) << "\n";
  if (status.code() == absl::StatusCode::kInvalidArgument) return kExitUsage;
  return status.code() == absl::StatusCode::kUnavailable ? kExitUnreachable : kExitServer;
}

// On a terminal, a line that is written over and over; else nothing.
class Progress {
 public:
  void Show(const BenchOptions& options, double seconds, int64_t answers) {
    if (!terminal_) return;
    std::fprintf(stderr, "\r\033[K%.0f of %.0f s, %lld answers", seconds,
                 options.warmup_s + options.duration_s, static_cast<long long>(answers));
  }
  ~Progress() {
    if (terminal_) std::fputs("\r\033[K", stderr);
  }

 private:
  const bool terminal_ = isatty(STDERR_FILENO) != 0;
};

// Threads: the one that calls Run, and one for each driver, joined before it returns. Lifetime:
// none beyond its own. Errors: as each method says.
class Benchmark {
 public:
  Benchmark(BenchOptions options, PredictInput input)
      : options_(std::move(options)), input_(std::move(input)) {}

  // Errors: INVALID_ARGUMENT for the user's mistakes; UNAVAILABLE; the server's.
  absl::Status Prepare();
  // Prints what came of it; returns the exit code.
  int Run();

 private:
  absl::Status ConnectTarget();
  absl::StatusOr<InferRequest> MakeRequest();
  absl::StatusOr<std::string> MakeHttpBytes();
  absl::Status MakeDrivers();
  absl::Status MakeHttpDrivers();
  int ShareOf(int thread) const;
  Driver::Load LoadOf(int thread, Time start) const;
  void WaitUntil(Time time, Time start, Progress* progress) const;

  bool grpc() const { return options_.protocol == "grpc"; }

  const BenchOptions options_;
  const PredictInput input_;
  HttpAddress address_;
  std::unique_ptr<Target> target_;
  std::optional<IdleConnections> idle_;
  std::vector<std::unique_ptr<Driver>> drivers_;
  std::vector<std::unique_ptr<Tally>> tallies_;
};

absl::Status Benchmark::ConnectTarget() {
  if (grpc()) {
    auto target =
        MakeGrpcTarget(options_.server, options_.model, options_.version, options_.timeout);
    if (!target.ok()) return target.status();
    target_ = *std::move(target);
    return absl::OkStatus();
  }
  const absl::StatusOr<HttpAddress> address = ParseHttpAddress(options_.url);
  if (!address.ok()) return address.status();
  address_ = *address;
  target_ = MakeHttpTarget(address_, options_.model, options_.version, options_.timeout);
  return absl::OkStatus();
}

absl::Status Benchmark::Prepare() {
  RaiseFileLimit();
  if (const absl::Status status = ConnectTarget(); !status.ok()) return status;
  return MakeDrivers();
}

absl::StatusOr<InferRequest> Benchmark::MakeRequest() {
  const absl::StatusOr<ModelMetadata> metadata = target_->Metadata();
  if (!metadata.ok()) {
    // Over gRPC the server answered: a model that is loading is UNAVAILABLE, too.
    if (!grpc()) return metadata.status();
    return absl::FailedPreconditionError(metadata.status().message());
  }
  absl::StatusOr<std::vector<Tensor>> inputs;
  if (options_.inputs.empty()) {
    const absl::StatusOr<Shapes> shapes = ParseShapes(options_.shapes);
    if (!shapes.ok()) return shapes.status();
    inputs = MakeSampleInputs(*metadata, *shapes,
                              options_.zeros ? SampleData::kZeros : SampleData::kRandom);
  } else {
    inputs = MakeInputs(input_, *metadata);
  }
  if (!inputs.ok()) return inputs.status();
  return InferRequest{options_.model, options_.version, "", *std::move(inputs), {}};
}

absl::StatusOr<std::string> Benchmark::MakeHttpBytes() {
  const std::string host = address_.host + ":" + address_.port;
  if (options_.protocol == "predict" && !input_.json.empty() && input_.arrays.empty()) {
    return MakePredictRequest(options_.model, options_.version, input_.json).Bytes(host);
  }
  const absl::StatusOr<InferRequest> request = MakeRequest();
  if (!request.ok()) return request.status();
  if (options_.protocol == "http") return MakeBinaryRequest(*request).Bytes(host);
  const absl::StatusOr<HttpRequest> made =
      options_.protocol == "json" ? MakeJsonRequest(*request) : MakePredictRequest(*request);
  if (!made.ok()) return made.status();
  return made->Bytes(host);
}

absl::Status Benchmark::MakeHttpDrivers() {
  const absl::StatusOr<std::string> bytes = MakeHttpBytes();
  if (!bytes.ok()) return bytes.status();
  if (options_.idle_connections > 0) {
    auto idle = IdleConnections::Open(address_, options_.idle_connections, kConnectTimeout);
    if (!idle.ok()) return idle.status();
    idle_ = *std::move(idle);
  }
  for (int i = 0; i < options_.threads; ++i) {
    drivers_.push_back(MakeHttpDriver({address_, *bytes, ShareOf(i), kConnectTimeout}));
  }
  return absl::OkStatus();
}

absl::Status Benchmark::MakeDrivers() {
  if (grpc()) {
    absl::StatusOr<InferRequest> request = MakeRequest();
    if (!request.ok()) return request.status();
    const std::string bytes = SerializeInferRequest(*std::move(request));
    for (int i = 0; i < options_.threads; ++i) {
      drivers_.push_back(MakeGrpcDriver({options_.server, bytes, ShareOf(i), kConnectTimeout}));
    }
  } else if (const absl::Status status = MakeHttpDrivers(); !status.ok()) {
    return status;
  }
  for (const auto& driver : drivers_) {
    if (const absl::Status status = driver->Connect(); !status.ok()) return status;
  }
  return absl::OkStatus();
}

int Benchmark::ShareOf(int thread) const {
  return options_.concurrency / options_.threads +
         (thread < options_.concurrency % options_.threads ? 1 : 0);
}

Driver::Load Benchmark::LoadOf(int thread, Time start) const {
  Driver::Load load{{}, options_.timeout};
  if (options_.rate > 0) {
    load.arrivals.emplace(
        options_.rate / options_.threads,
        options_.constant ? Arrivals::Distribution::kConstant : Arrivals::Distribution::kPoisson,
        start, /*seed=*/thread + 1);
  }
  return load;
}

void Benchmark::WaitUntil(Time time, Time start, Progress* progress) const {
  for (Time now = SteadyClock::now(); now < time; now = SteadyClock::now()) {
    int64_t answers = 0;
    for (const auto& tally : tallies_) answers += tally->finished();
    progress->Show(options_, std::chrono::duration<double>(now - start).count(), answers);
    std::this_thread::sleep_until(std::min(time, now + kProgressEvery));
  }
}

int Benchmark::Run() {
  const Time start = SteadyClock::now();
  const Time measured = start + Seconds(options_.warmup_s);
  const Tally::Window window{measured, measured + Seconds(options_.duration_s), options_.rate > 0};
  std::vector<std::thread> threads;
  for (int i = 0; i < options_.threads; ++i) {
    tallies_.push_back(std::make_unique<Tally>(window));
    threads.emplace_back([driver = drivers_[i].get(), load = LoadOf(i, start),
                          tally = tallies_.back().get()] { driver->Run(load, tally); });
    pthread_setname_np(threads.back().native_handle(), ("bench-" + std::to_string(i)).c_str());
  }
  BenchResult result;
  absl::StatusOr<std::vector<ModelStatistics>> before;
  {
    Progress progress;
    WaitUntil(window.start, start, &progress);
    before = target_->Statistics();
    result.cpu_seconds = -CpuSeconds();
    WaitUntil(window.end, start, &progress);
    result.cpu_seconds += CpuSeconds();
    for (std::thread& thread : threads) thread.join();
  }
  const absl::StatusOr<std::vector<ModelStatistics>> after = target_->Statistics();
  if (before.ok() && after.ok())
    result.server = Sum(Difference(CountersOf(*before), CountersOf(*after)));
  Tally all(window);
  for (const auto& tally : tallies_) all.Add(*tally);
  result.tally = &all;
  if (idle_) result.idle_closed = idle_->CountClosed();
  std::cout << (options_.json ? BenchAsJson(options_, result) : BenchAsText(options_, result));
  return all.latencies().count() > 0 ? kExitOk : kExitServer;
}

}  // namespace

int Bench(BenchOptions options) {
  if (options.concurrency == 0) options.concurrency = options.rate > 0 ? kOpenLoopConcurrency : 1;
  options.threads = std::min(options.threads, options.concurrency);
  absl::StatusOr<PredictInput> input = ReadInputs(options.inputs);
  if (!input.ok()) return Fail(input.status());
  Benchmark benchmark(std::move(options), *std::move(input));
  if (const absl::Status status = benchmark.Prepare(); !status.ok()) return Fail(status);
  return benchmark.Run();
}

}  // namespace flambeau::client
