// A load generator for ModelInfer: N calls in a closed loop for S seconds over one connection
// per 32.
//
//   grpc_load --server 127.0.0.1:8001 --model linear --input input --shape 1,10 --concurrency 8
//
// Prints one line: BENCH
// {"requests":..,"seconds":..,"rate":..,"p50_us":..,"p90_us":..,"p99_us":..,"errors":..}
#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "proto/inference.grpc.pb.h"

namespace {

using SteadyClock = std::chrono::steady_clock;

struct Arguments {
  std::string server = "127.0.0.1:8001";
  std::string model;
  std::string input;
  std::string datatype = "FP32";
  std::vector<int64_t> shape;
  int concurrency = 1;
  double seconds = 5;
  bool typed = false;  // fp32_contents in place of raw_input_contents
};

[[noreturn]] void Usage(const std::string& what) {
  std::fprintf(
      stderr,
      "grpc_load: %s\nusage: grpc_load --model NAME --input NAME --shape 1,10 [--server "
      "HOST:PORT] [--datatype FP32|FP64|INT64] [--concurrency N] [--seconds S] [--typed]\n",
      what.c_str());
  std::exit(2);
}

std::vector<int64_t> ParseShape(const std::string& text) {
  std::vector<int64_t> shape;
  for (const char* at = text.c_str(); *at != '\0';) {
    char* end = nullptr;
    shape.push_back(std::strtoll(at, &end, 10));
    if (end == at || shape.back() < 1) Usage("bad --shape");
    at = *end == ',' ? end + 1 : end;
  }
  return shape;
}

Arguments Parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "--typed") {
      arguments.typed = true;
      continue;
    }
    if (i + 1 == argc) Usage("no value for " + std::string(flag));
    const std::string value = argv[++i];
    if (flag == "--server") {
      arguments.server = value;
    } else if (flag == "--model") {
      arguments.model = value;
    } else if (flag == "--input") {
      arguments.input = value;
    } else if (flag == "--datatype") {
      arguments.datatype = value;
    } else if (flag == "--shape") {
      arguments.shape = ParseShape(value);
    } else if (flag == "--concurrency") {
      arguments.concurrency = std::atoi(value.c_str());
    } else if (flag == "--seconds") {
      arguments.seconds = std::atof(value.c_str());
    } else {
      Usage("unknown flag " + std::string(flag));
    }
  }
  if (arguments.model.empty() || arguments.input.empty()) Usage("--model and --input are needed");
  if (arguments.concurrency < 1 || arguments.seconds <= 0) Usage("bad --concurrency or --seconds");
  return arguments;
}

inference::ModelInferRequest MakeRequest(const Arguments& arguments) {
  inference::ModelInferRequest request;
  request.set_model_name(arguments.model);
  auto* input = request.add_inputs();
  input->set_name(arguments.input);
  input->set_datatype(arguments.datatype);
  int64_t count = 1;
  for (const int64_t dimension : arguments.shape) {
    input->add_shape(dimension);
    count *= dimension;
  }
  std::string bytes;
  for (int64_t i = 0; i < count; ++i) {
    const auto value = static_cast<float>(i % 7) / 8;
    if (arguments.typed) {
      input->mutable_contents()->add_fp32_contents(value);
    } else if (arguments.datatype == "INT64") {
      const int64_t element = i % 7;
      bytes.append(reinterpret_cast<const char*>(&element), sizeof(element));
    } else if (arguments.datatype == "FP64") {
      const double element = value;
      bytes.append(reinterpret_cast<const char*>(&element), sizeof(element));
    } else {
      bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
    }
  }
  if (!arguments.typed) request.add_raw_input_contents(bytes);
  return request;
}

// One caller of the closed loop: sends the next request when the answer is there.
struct Caller {
  inference::GRPCInferenceService::Stub* stub = nullptr;
  std::optional<grpc::ClientContext> context;
  inference::ModelInferResponse response;
  grpc::Status status;
  std::unique_ptr<grpc::ClientAsyncResponseReader<inference::ModelInferResponse>> reader;
  SteadyClock::time_point start;
};

// Drives its callers on one thread and one completion queue.
class Driver {
 public:
  Driver(const Arguments& arguments, const inference::ModelInferRequest& request, int callers)
      : request_(request), callers_(callers) {
    grpc::ChannelArguments options;
    options.SetMaxReceiveMessageSize(-1);
    options.SetInt("flambeau.driver", channel_count++);  // or channels share one connection
    channel_ =
        grpc::CreateCustomChannel(arguments.server, grpc::InsecureChannelCredentials(), options);
    stub_ = inference::GRPCInferenceService::NewStub(channel_);
  }

  bool Connect() {
    return channel_->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(10));
  }

  void Run(SteadyClock::time_point end) {
    for (Caller& caller : callers_) Send(&caller);
    size_t open = callers_.size();
    void* tag;
    bool ok;
    while (open > 0 && queue_.Next(&tag, &ok)) {
      auto* caller = static_cast<Caller*>(tag);
      const auto now = SteadyClock::now();
      Record(*caller, now);
      if (now < end) {
        Send(caller);
      } else {
        --open;
      }
    }
    queue_.Shutdown();
  }

  const std::vector<float>& microseconds() const { return microseconds_; }
  int64_t errors() const { return errors_; }
  const std::string& first_error() const { return first_error_; }

 private:
  void Send(Caller* caller) {
    caller->context.emplace();
    caller->context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    caller->start = SteadyClock::now();
    caller->reader = stub_->AsyncModelInfer(&*caller->context, request_, &queue_);
    caller->reader->Finish(&caller->response, &caller->status, caller);
  }

  void Record(const Caller& caller, SteadyClock::time_point now) {
    if (!caller.status.ok()) {
      if (errors_++ == 0) first_error_ = caller.status.error_message();
      return;
    }
    microseconds_.push_back(std::chrono::duration<float, std::micro>(now - caller.start).count());
  }

  static inline int channel_count = 0;

  const inference::ModelInferRequest& request_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<inference::GRPCInferenceService::Stub> stub_;
  grpc::CompletionQueue queue_;
  std::vector<Caller> callers_;
  std::vector<float> microseconds_;
  int64_t errors_ = 0;
  std::string first_error_;
};

double Percentile(const std::vector<float>& sorted, double percent) {
  if (sorted.empty()) return 0;
  const auto index = static_cast<size_t>(percent / 100 * static_cast<double>(sorted.size()));
  return sorted[std::min(index, sorted.size() - 1)];
}

int Run(const Arguments& arguments) {
  constexpr int kCallersPerDriver = 32;
  const inference::ModelInferRequest request = MakeRequest(arguments);
  std::vector<std::unique_ptr<Driver>> drivers;
  for (int left = arguments.concurrency; left > 0; left -= kCallersPerDriver) {
    drivers.push_back(
        std::make_unique<Driver>(arguments, request, std::min(left, kCallersPerDriver)));
    if (!drivers.back()->Connect()) {
      std::fprintf(stderr, "grpc_load: no server answers at %s\n", arguments.server.c_str());
      return 3;
    }
  }
  const auto start = SteadyClock::now();
  const auto end = start + std::chrono::duration_cast<SteadyClock::duration>(
                               std::chrono::duration<double>(arguments.seconds));
  std::vector<std::thread> threads;
  threads.reserve(drivers.size());
  for (const auto& driver : drivers) threads.emplace_back([&driver, end] { driver->Run(end); });
  for (std::thread& thread : threads) thread.join();
  const double seconds = std::chrono::duration<double>(SteadyClock::now() - start).count();

  std::vector<float> all;
  int64_t errors = 0;
  for (const auto& driver : drivers) {
    all.insert(all.end(), driver->microseconds().begin(), driver->microseconds().end());
    errors += driver->errors();
    if (driver->errors() > 0) std::fprintf(stderr, "%s\n", driver->first_error().c_str());
  }
  std::sort(all.begin(), all.end());
  std::printf(
      "BENCH {\"requests\":%zu,\"seconds\":%.4f,\"rate\":%.1f,\"p50_us\":%.1f,\"p90_us\":%.1f,"
      "\"p99_us\":%.1f,\"errors\":%lld}\n",
      all.size(), seconds, static_cast<double>(all.size()) / seconds, Percentile(all, 50),
      Percentile(all, 90), Percentile(all, 99), static_cast<long long>(errors));
  return all.empty() ? 1 : 0;
}

}  // namespace

int main(int argc, char** argv) { return Run(Parse(argc, argv)); }
