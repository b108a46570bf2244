// Start, drain and stop.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <string>

#include "grpc/running_server.h"

namespace flambeau {
namespace {

using grpc::StatusCode;
using testing::HasSubstr;

class LifecycleTest : public RunningServer {};

TEST_F(LifecycleTest, APortInUseIsOneSentence) {
  GrpcServer::Options options;
  options.port = server_->port();
  const auto second = GrpcServer::Create(
      options, {&inference_, &info_, &shared_memory_, &adjustable_log_, &traces_, &admin_}, &clock_,
      log_.get());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().code(), flambeau::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(Message(second.status())),
              HasSubstr("port " + std::to_string(options.port) + " is in use"));
  EXPECT_TRUE(Infer(EchoRequest()).ok());
}

TEST_F(LifecycleTest, DrainingRefusesNewInferenceAndFinishesWhatRuns) {
  scheduler().Hold();
  auto running = std::async(std::launch::async, [this] { return Infer(EchoRequest()); });
  scheduler().AwaitSubmitted(1);
  gate_.BeginDrain();
  server_->BeginDrain();
  EXPECT_EQ(Infer(EchoRequest()).error_code(), StatusCode::UNAVAILABLE);
  scheduler().Release();
  EXPECT_TRUE(running.get().ok());
}

TEST_F(LifecycleTest, DrainsEvenIfTheGateDoesNot) {
  server_->BeginDrain();
  const grpc::Status status = Infer(EchoRequest());
  EXPECT_EQ(status.error_code(), StatusCode::UNAVAILABLE);
  EXPECT_THAT(status.error_message(), HasSubstr("shutting down"));
}

TEST_F(LifecycleTest, StopWaitsForWhatRuns) {
  scheduler().Hold();
  auto running = std::async(std::launch::async, [this] { return Infer(EchoRequest()); });
  scheduler().AwaitSubmitted(1);
  auto stopped = std::async(std::launch::async,
                            [this] { server_->Stop(clock_.Now() + std::chrono::seconds(60)); });
  scheduler().Release();
  EXPECT_TRUE(running.get().ok());
  stopped.get();
  EXPECT_EQ(Infer(EchoRequest()).error_code(), StatusCode::UNAVAILABLE);
}

TEST_F(LifecycleTest, StopEndsWhatStillRunsAtItsDeadline) {
  scheduler().Hold();
  auto running = std::async(std::launch::async, [this] { return Infer(EchoRequest()); });
  scheduler().AwaitSubmitted(1);
  server_->Stop(clock_.Now() + std::chrono::milliseconds(50));  // the run never ends
  EXPECT_FALSE(running.get().ok());
  scheduler().Release();  // an answer after the end is dropped
}

GrpcServer::Options WithAge(Duration age, Duration grace) {
  GrpcServer::Options options;
  options.max_connection_age = age;
  options.max_connection_age_grace = grace;
  return options;
}

class ConnectionAgeTest : public RunningServer {
 protected:
  explicit ConnectionAgeTest(Duration grace = {})
      : RunningServer(WithAge(std::chrono::milliseconds(200), grace)) {}

  // The client has been told (GOAWAY) to send nothing more over the connection that it has.
  bool AwaitGoAway() {
    const auto patience = std::chrono::system_clock::now() + std::chrono::seconds(60);
    while (channel_->GetState(false) == GRPC_CHANNEL_READY) {
      if (!channel_->WaitForStateChange(GRPC_CHANNEL_READY, patience)) return false;
    }
    return true;
  }
};

TEST_F(ConnectionAgeTest, AnOldConnectionIsReplacedAndNoCallFails) {
  scheduler().Hold();
  auto running = std::async(std::launch::async, [this] { return Infer(EchoRequest()); });
  scheduler().AwaitSubmitted(1);
  EXPECT_TRUE(AwaitGoAway());
  auto next = std::async(std::launch::async, [this] { return Infer(EchoRequest()); });
  scheduler().AwaitSubmitted(2);  // over another connection, while the first call still runs
  scheduler().Release();
  EXPECT_TRUE(running.get().ok());
  EXPECT_TRUE(next.get().ok());
}

class ConnectionAgeGraceTest : public ConnectionAgeTest {
 protected:
  ConnectionAgeGraceTest() : ConnectionAgeTest(std::chrono::milliseconds(100)) {}
};

TEST_F(ConnectionAgeGraceTest, EndsACallThatTakesLonger) {
  scheduler().Hold();
  EXPECT_EQ(Infer(EchoRequest()).error_code(), StatusCode::UNAVAILABLE);  // it never ends by itself
  scheduler().Release();
}

}  // namespace
}  // namespace flambeau
