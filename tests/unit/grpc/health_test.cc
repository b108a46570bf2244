// grpc.health.v1 against a running server.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "grpc/running_server.h"

namespace flambeau {
namespace {

using grpc::StatusCode;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

class HealthTest : public RunningServer {
 protected:
  // A Watch call, read one answer at a time.
  struct Watch {
    grpc::ClientContext context;
    std::unique_ptr<grpc::ClientReader<HealthCheckResponse>> reader;

    HealthCheckResponse::ServingStatus Next() {
      HealthCheckResponse response;
      return reader->Read(&response) ? response.status() : HealthCheckResponse::UNKNOWN;
    }
  };

  std::unique_ptr<Watch> StartWatch(const std::string& service) {
    auto watch = std::make_unique<Watch>();
    Patient(&watch->context);
    HealthCheckRequest request;
    request.set_service(service);
    watch->reader = health_->Watch(&watch->context, request);
    return watch;
  }

  grpc::Status Check(const std::string& service, HealthCheckResponse* response) {
    grpc::ClientContext context;
    Patient(&context);
    HealthCheckRequest request;
    request.set_service(service);
    return health_->Check(&context, request, response);
  }
};

TEST_F(HealthTest, ChecksServerAndModels) {
  HealthCheckResponse response;
  for (const auto* service : {"", "inference.GRPCInferenceService", "echo"}) {
    ASSERT_TRUE(Check(service, &response).ok()) << service;
    EXPECT_EQ(response.status(), HealthCheckResponse::SERVING) << service;
  }
  ASSERT_TRUE(Check("loading", &response).ok());
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
  for (const auto* service : {"nothing", "../x"}) {
    const grpc::Status status = Check(service, &response);
    EXPECT_EQ(status.error_code(), StatusCode::NOT_FOUND);
    EXPECT_NE(status.error_message().find(service), std::string::npos);
  }
  repository_.set_settled(false);
  ASSERT_TRUE(Check("", &response).ok());
  EXPECT_EQ(response.status(), HealthCheckResponse::NOT_SERVING);
}

TEST_F(HealthTest, WatchTellsChanges) {
  const auto server = StartWatch("");
  const auto unknown = StartWatch("nothing");
  EXPECT_EQ(server->Next(), HealthCheckResponse::SERVING);
  EXPECT_EQ(unknown->Next(), HealthCheckResponse::SERVICE_UNKNOWN);
  repository_.set_settled(false);
  EXPECT_EQ(server->Next(), HealthCheckResponse::NOT_SERVING);
  repository_.set_settled(true);
  EXPECT_EQ(server->Next(), HealthCheckResponse::SERVING);
}

TEST_F(HealthTest, DrainingIsToldAtOnceAndStoppingEndsTheWatch) {
  const auto watch = StartWatch("echo");
  EXPECT_EQ(watch->Next(), HealthCheckResponse::SERVING);
  server_->BeginDrain();
  EXPECT_EQ(watch->Next(), HealthCheckResponse::NOT_SERVING);
  server_->Stop(clock_.Now() + std::chrono::seconds(60));  // does not wait for the watch
  EXPECT_EQ(watch->Next(), HealthCheckResponse::UNKNOWN);
  EXPECT_EQ(watch->reader->Finish().error_code(), StatusCode::UNAVAILABLE);
}

TEST_F(HealthTest, AWatchThatItsClientEndsIsForgotten) {
  for (int i = 0; i < 300; ++i) {  // more than may be open at once
    const auto watch = StartWatch("");
    ASSERT_EQ(watch->Next(), HealthCheckResponse::SERVING) << i;
    watch->context.TryCancel();
    EXPECT_EQ(watch->reader->Finish().error_code(), StatusCode::CANCELLED);
  }
}

TEST_F(HealthTest, WatchesAreBounded) {
  std::vector<std::unique_ptr<Watch>> watches;
  for (int i = 0; i < 256; ++i) {
    watches.push_back(StartWatch(""));
    ASSERT_EQ(watches.back()->Next(), HealthCheckResponse::SERVING);
  }
  const auto one_more = StartWatch("");
  EXPECT_EQ(one_more->Next(), HealthCheckResponse::UNKNOWN);
  EXPECT_EQ(one_more->reader->Finish().error_code(), StatusCode::RESOURCE_EXHAUSTED);
}

}  // namespace
}  // namespace flambeau
