// A GrpcServer on a free port over doubles, and stubs connected to it.
#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "doubles/echo_repository.h"
#include "grpc/server.h"
#include "metrics/metrics.h"
#include "proto/health.grpc.pb.h"
#include "proto/inference.grpc.pb.h"
#include "serving/gate.h"
#include "serving/inference.h"
#include "serving/server_info.h"

namespace flambeau {

constexpr size_t kTestMessageBytes = 1 << 20;

class RunningServer : public testing::Test {
 protected:
  // All but the port and the size of messages is as in `options`.
  explicit RunningServer(GrpcServer::Options options = {}) {
    options.port = 0;
    options.max_request_bytes = kTestMessageBytes;
    Result<std::unique_ptr<GrpcServer>> server = GrpcServer::Create(
        options, {&inference_, &info_, &shared_memory_, &adjustable_log_, &traces_, &admin_},
        &clock_, log_.get());
    EXPECT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
    grpc::ChannelArguments arguments;
    arguments.SetMaxReceiveMessageSize(-1);
    channel_ = grpc::CreateCustomChannel(address(), grpc::InsecureChannelCredentials(), arguments);
    stub_ = inference::GRPCInferenceService::NewStub(channel_);
    health_ = grpc::health::v1::Health::NewStub(channel_);
  }

  std::string address() const { return "127.0.0.1:" + std::to_string(server_->port()); }
  EchoScheduler& scheduler() { return repository_.echo().scheduler(); }

  static void Patient(grpc::ClientContext* context) {
    context->set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
  }

  grpc::Status Infer(const inference::ModelInferRequest& request,
                     inference::ModelInferResponse* response) {
    grpc::ClientContext context;
    Patient(&context);
    return stub_->ModelInfer(&context, request, response);
  }
  grpc::Status Infer(const inference::ModelInferRequest& request) {
    inference::ModelInferResponse response;
    return Infer(request, &response);
  }

  SystemClock clock_;
  std::unique_ptr<Log> log_ = Log::Silent();
  AdjustableLog adjustable_log_{log_.get(), LogLevel::kInfo};
  TraceSettings traces_{log_.get()};
  std::unique_ptr<Metrics> metrics_ = Metrics::Create();
  DoubleRepository repository_;
  Gate gate_{{}, &clock_, log_.get(), metrics_.get()};
  Inference inference_{&gate_, &repository_, &clock_};
  ServerInfo info_{&repository_, &gate_};
  SharedMemory shared_memory_{{}};
  ModelAdmin admin_{&repository_};
  std::unique_ptr<GrpcServer> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<inference::GRPCInferenceService::Stub> stub_;
  std::unique_ptr<grpc::health::v1::Health::Stub> health_;
};

// A good request: model "echo", x of FP32 [1,2].
inline inference::ModelInferRequest EchoRequest() {
  inference::ModelInferRequest request;
  request.set_model_name("echo");
  auto* input = request.add_inputs();
  input->set_name("x");
  input->set_datatype("FP32");
  input->add_shape(1);
  input->add_shape(2);
  const float elements[] = {0.5F, -2.0F};
  request.add_raw_input_contents(elements, sizeof(elements));
  return request;
}

}  // namespace flambeau
