// Blocking calls: attempts, deadlines, cancellation, and what a request carries.
#include <gtest/gtest.h>

#include <string>
#include <thread>

#include "client/fake_server.h"

namespace flambeau::client {
namespace {

using absl::StatusCode;

constexpr std::chrono::hours kLong(10);

// Cancels once the server has got the call.
StatusCode CodeOfCancelledCall(FakeServer* server, Client* client,
                               const Cancellation& cancellation) {
  std::thread canceller([&] {
    server->AwaitCalls(1);
    cancellation.Cancel();
  });
  const auto answer = client->Infer(Request("echo", 5), {.cancellation = cancellation});
  canceller.join();
  return answer.status().code();
}

TEST(CallTest, AsksAServerAgainThatWasAwayOrFull) {
  FakeServer server;
  const auto client = server.Connect();
  server.FailNext(grpc::StatusCode::UNAVAILABLE);
  server.FailNext(grpc::StatusCode::RESOURCE_EXHAUSTED);
  const auto answer = client->Infer(Request("echo", 5));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(Element(*answer), 5);
  EXPECT_EQ(server.calls(), 3);
}

TEST(CallTest, GivesUpAfterItsAttemptsWithTheLastError) {
  FakeServer server;
  const auto client = server.Connect({.retry = {.attempts = 2}});
  server.FailNext(grpc::StatusCode::UNAVAILABLE);
  server.FailNext(grpc::StatusCode::RESOURCE_EXHAUSTED);
  const auto answer = client->Infer(Request("echo", 5));
  EXPECT_EQ(answer.status(), absl::ResourceExhaustedError("as the test wants"));
  EXPECT_EQ(server.calls(), 2);
}

TEST(CallTest, OneCallMayHaveItsOwnPolicy) {
  FakeServer server;
  const auto client = server.Connect();
  server.FailNext(grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(client->Infer(Request("echo", 5), {.retry = kNoRetry}).status().code(),
            StatusCode::kUnavailable);
  EXPECT_EQ(server.calls(), 1);
}

TEST(CallTest, DoesNotRepeatWhatMayHaveHappened) {
  FakeServer server;
  const auto client = server.Connect();
  server.FailNext(grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(client->Load("model").code(), StatusCode::kUnavailable);
  EXPECT_EQ(server.calls(), 1);
  server.FailNext(grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(client->Server()->name, "fake");
  EXPECT_EQ(server.calls(), 3);
}

TEST(CallTest, DoesNotRepeatARequestThatIsWrong) {
  FakeServer server;
  const auto client = server.Connect();
  EXPECT_EQ(client->Infer(Request("bad", 5)).status(), absl::InvalidArgumentError("it is bad"));
  EXPECT_EQ(server.calls(), 1);
}

TEST(CallTest, AServerCanForbidAnotherAttempt) {
  FakeServer server;
  const auto client = server.Connect();
  server.FailNext(grpc::StatusCode::UNAVAILABLE, "-1");
  EXPECT_EQ(client->Infer(Request("echo", 5)).status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(server.calls(), 1);
}

TEST(CallTest, AServersWishIsHonouredUnlessTheDeadlineForbids) {
  FakeServer server;
  const auto client = server.Connect();
  server.FailNext(grpc::StatusCode::UNAVAILABLE, "1");
  EXPECT_TRUE(client->Infer(Request("echo", 5)).ok());
  EXPECT_EQ(server.calls(), 2);
  server.FailNext(grpc::StatusCode::UNAVAILABLE, "3600000");  // longer than call_timeout
  EXPECT_EQ(client->Infer(Request("echo", 5)).status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(server.calls(), 3);
}

TEST(CallTest, ACallCutOffByABalancerIsAskedAgain) {
  FakeServer server;
  const auto client = server.Connect();
  server.FailNext(grpc::StatusCode::CANCELLED);
  EXPECT_TRUE(client->Infer(Request("echo", 5)).ok());
  EXPECT_EQ(server.calls(), 2);
}

TEST(CallTest, OneCallMayHaveItsOwnDeadline) {
  FakeServer server;
  const auto client = server.Connect({.call_timeout = kLong});
  server.Hold();
  const auto answer = client->Infer(Request("echo", 5), {.timeout = std::chrono::milliseconds(50)});
  EXPECT_EQ(answer.status().code(), StatusCode::kDeadlineExceeded);
}

TEST(CallTest, IsCancelledWhileItIsAnswered) {
  FakeServer server;
  const auto client = server.Connect({.call_timeout = kLong});
  server.Hold();
  const Cancellation cancellation;
  EXPECT_EQ(CodeOfCancelledCall(&server, client.get(), cancellation), StatusCode::kCancelled);
  EXPECT_EQ(client->Server({.cancellation = cancellation}).status().code(), StatusCode::kCancelled);
}

TEST(CallTest, IsCancelledBetweenItsAttempts) {
  FakeServer server;
  const auto client = server.Connect({.call_timeout = kLong});
  server.FailNext(grpc::StatusCode::UNAVAILABLE, "3600000");
  const Cancellation cancellation;
  EXPECT_EQ(CodeOfCancelledCall(&server, client.get(), cancellation), StatusCode::kCancelled);
  EXPECT_EQ(server.calls(), 1);
}

TEST(CallTest, ARequestCarriesEverything) {
  FakeServer server;
  InferRequest request = Request("echo", 5);
  request.version = "3";
  request.inputs.push_back({"far", "INT8", {4}, "", SharedMemorySlice{"region", 16, 4}});
  request.outputs = {"a", "b"};
  request.outputs_in_memory = {{"b", {"region", 0, 8}}};
  request.parameters = {
      {"flag", true}, {"count", int64_t{7}}, {"share", 0.5}, {"method", "encode"}};
  EXPECT_TRUE(server.Connect()->Infer(request).ok());
  const inference::ModelInferRequest message = server.last_request();
  EXPECT_EQ(message.model_version(), "3");
  EXPECT_EQ(message.id(), "5");
  EXPECT_EQ(message.raw_input_contents_size(), 1);
  const auto& input = message.inputs(1).parameters();
  EXPECT_EQ(input.at("shared_memory_region").string_param(), "region");
  EXPECT_EQ(input.at("shared_memory_offset").int64_param(), 16);
  EXPECT_EQ(input.at("shared_memory_byte_size").int64_param(), 4);
  ASSERT_EQ(message.outputs_size(), 2);
  EXPECT_EQ(message.outputs(0).name(), "a");
  EXPECT_TRUE(message.outputs(0).parameters().empty());
  EXPECT_EQ(message.outputs(1).name(), "b");
  EXPECT_EQ(message.outputs(1).parameters().at("shared_memory_byte_size").int64_param(), 8);
  EXPECT_TRUE(message.parameters().at("flag").bool_param());
  EXPECT_EQ(message.parameters().at("count").int64_param(), 7);
  EXPECT_EQ(message.parameters().at("share").double_param(), 0.5);
  EXPECT_EQ(message.parameters().at("method").string_param(), "encode");
}

}  // namespace
}  // namespace flambeau::client
