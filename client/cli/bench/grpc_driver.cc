#include "cli/bench/grpc_driver.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/byte_buffer.h>
#include <pthread.h>
#include <sys/prctl.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "flambeau/messages_internal.h"

namespace flambeau::client {
namespace {

constexpr int kCallsOfAConnection = 32;  // below the 100 streams that many servers allow

// One request in flight, used again for the next.
struct Call {
  grpc::GenericStub* stub = nullptr;
  std::optional<grpc::ClientContext> context;
  grpc::ByteBuffer response;
  grpc::Status status;
  std::unique_ptr<grpc::GenericClientAsyncResponseReader> reader;
  Time due;
};

class GrpcDriver final : public Driver {
 public:
  explicit GrpcDriver(GrpcDriverOptions options);
  ~GrpcDriver() override;

  absl::Status Connect() override;
  void Run(const Load& load, Tally* tally) override;

 private:
  void RunClosedLoop(Tally* tally);
  void RunOpenLoop(Arrivals arrivals, Tally* tally);
  Call* WaitFree(Time until);
  void TakeAnswers(Tally* tally);
  void Send(Call* call, Time due);
  Call* NextAnswer();
  static void Record(const Call& call, Time now, Tally* tally);

  const GrpcDriverOptions options_;
  grpc::ByteBuffer request_;
  std::chrono::nanoseconds timeout_{};
  std::vector<std::shared_ptr<grpc::Channel>> channels_;
  std::vector<std::unique_ptr<grpc::GenericStub>> stubs_;
  grpc::CompletionQueue queue_;
  std::vector<Call> calls_;

  // Of an open loop.
  std::mutex mutex_;
  std::condition_variable freed_;
  std::vector<Call*> free_;
};

GrpcDriver::GrpcDriver(GrpcDriverOptions options)
    : options_(std::move(options)), calls_(options_.concurrency) {
  const grpc::Slice slice(options_.request);
  request_ = grpc::ByteBuffer(&slice, 1);
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);
  arguments.SetMaxSendMessageSize(-1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // or channels share one connection
  for (size_t i = 0; i < calls_.size(); ++i) {
    if (i % kCallsOfAConnection == 0) {
      channels_.push_back(grpc::CreateCustomChannel(options_.target,
                                                    grpc::InsecureChannelCredentials(), arguments));
      stubs_.push_back(std::make_unique<grpc::GenericStub>(channels_.back()));
    }
    calls_[i].stub = stubs_.back().get();
  }
}

GrpcDriver::~GrpcDriver() {
  queue_.Shutdown();
  while (NextAnswer() != nullptr) continue;
}

absl::Status GrpcDriver::Connect() {
  const auto deadline = std::chrono::system_clock::now() + options_.connect_timeout;
  for (const auto& channel : channels_) {
    if (!channel->WaitForConnected(deadline)) {
      return absl::UnavailableError("no server answers at " + options_.target +
                                    "; is it running, and is this its gRPC port?");
    }
  }
  return absl::OkStatus();
}

void GrpcDriver::Run(const Load& load, Tally* tally) {
  timeout_ = load.timeout;
  if (load.arrivals) {
    RunOpenLoop(*load.arrivals, tally);
  } else {
    RunClosedLoop(tally);
  }
}

void GrpcDriver::RunClosedLoop(Tally* tally) {
  for (Call& call : calls_) Send(&call, SteadyClock::now());
  size_t in_flight = calls_.size();
  while (in_flight > 0) {
    Call* call = NextAnswer();
    const Time now = SteadyClock::now();
    Record(*call, now, tally);
    if (now < tally->window().end) {
      Send(call, now);
    } else {
      --in_flight;
    }
  }
}

// The completion queue waits in whole milliseconds, so another thread takes the answers.
void GrpcDriver::RunOpenLoop(Arrivals arrivals, Tally* tally) {
  prctl(PR_SET_TIMERSLACK, 1);  // or the kernel sends each request up to 50 us late
  for (Call& call : calls_) free_.push_back(&call);
  std::thread answers([this, tally] { TakeAnswers(tally); });
  pthread_setname_np(answers.native_handle(), "bench-answers");
  const Time end = tally->window().end;
  while (arrivals.next() < end) {
    std::this_thread::sleep_until(arrivals.next());
    Call* call = WaitFree(end);
    if (call == nullptr) break;
    Send(call, arrivals.next());
    arrivals.Pop();
  }
  {
    std::unique_lock lock(mutex_);
    freed_.wait(lock, [this] { return free_.size() == calls_.size(); });  // each has its timeout
  }
  queue_.Shutdown();
  answers.join();
  for (; arrivals.next() < end; arrivals.Pop()) tally->Unsent();
}

Call* GrpcDriver::WaitFree(Time until) {
  std::unique_lock lock(mutex_);
  if (!freed_.wait_until(lock, until, [this] { return !free_.empty(); })) return nullptr;
  Call* call = free_.back();
  free_.pop_back();
  return call;
}

void GrpcDriver::TakeAnswers(Tally* tally) {
  while (Call* call = NextAnswer()) {
    Record(*call, SteadyClock::now(), tally);
    const std::lock_guard lock(mutex_);
    free_.push_back(call);
    freed_.notify_one();
  }
}

void GrpcDriver::Send(Call* call, Time due) {
  static const std::string method = "/inference.GRPCInferenceService/ModelInfer";
  call->due = due;
  call->context.emplace();
  call->context->set_deadline(std::chrono::system_clock::now() + timeout_);
  call->response.Clear();
  call->reader = call->stub->PrepareUnaryCall(&*call->context, method, request_, &queue_);
  call->reader->StartCall();
  call->reader->Finish(&call->response, &call->status, call);
}

// Null once the queue is shut down.
Call* GrpcDriver::NextAnswer() {
  void* tag = nullptr;
  bool ok = false;
  return queue_.Next(&tag, &ok) ? static_cast<Call*>(tag) : nullptr;
}

void GrpcDriver::Record(const Call& call, Time now, Tally* tally) {
  if (call.status.ok()) {
    tally->Answered(call.due, now);
    return;
  }
  // gRPC's codes are Abseil's canonical ones, number for number.
  const auto code = static_cast<absl::StatusCode>(call.status.error_code());
  tally->Failed(now, absl::StatusCodeToString(code), call.status.error_message());
}

}  // namespace

std::string SerializeInferRequest(InferRequest request) {
  return ToMessage(std::move(request)).SerializeAsString();
}

std::unique_ptr<Driver> MakeGrpcDriver(GrpcDriverOptions options) {
  return std::make_unique<GrpcDriver>(std::move(options));
}

}  // namespace flambeau::client
