// InferAsync: what its callbacks are told, how many may be in flight, and how a client ends.
#include <gtest/gtest.h>

#include <future>
#include <set>

#include "client/answers.h"
#include "client/fake_server.h"

namespace flambeau::client {
namespace {

using absl::StatusCode;

constexpr std::chrono::hours kLong(10);

TEST(AsyncTest, EveryRequestIsAnsweredOnce) {
  FakeServer server;
  const auto client = server.Connect({.max_in_flight = 8});
  Answers answers;
  std::set<float> expected;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(client->InferAsync(Request("echo", static_cast<float>(i)), answers.Adder()).ok());
    expected.insert(static_cast<float>(i));
  }
  std::set<float> elements;
  for (const auto& answer : answers.Await(100)) {
    ASSERT_TRUE(answer.ok()) << answer.status();
    elements.insert(Element(*answer));
  }
  EXPECT_EQ(elements, expected);
  EXPECT_EQ(answers.all().size(), 100U);
}

TEST(AsyncTest, TellsTheServersError) {
  FakeServer server;
  const auto client = server.Connect();
  Answers answers;
  ASSERT_TRUE(client->InferAsync(Request("bad", 1), answers.Adder()).ok());
  EXPECT_EQ(answers.Await(1)[0].status(), absl::InvalidArgumentError("it is bad"));
}

TEST(AsyncTest, AsksAServerAgainThatWasAway) {
  FakeServer server;
  const auto client = server.Connect();
  server.FailNext(grpc::StatusCode::UNAVAILABLE);
  server.FailNext(grpc::StatusCode::UNAVAILABLE, "1");
  Answers answers;
  ASSERT_TRUE(client->InferAsync(Request("echo", 5), answers.Adder()).ok());
  const auto answer = answers.Await(1)[0];
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(Element(*answer), 5);
  EXPECT_EQ(server.calls(), 3);
}

TEST(AsyncTest, IsCancelledBetweenItsAttempts) {
  FakeServer server;
  const auto client = server.Connect({.call_timeout = kLong});
  server.FailNext(grpc::StatusCode::UNAVAILABLE, "3600000");
  const Cancellation cancellation;
  Answers answers;
  ASSERT_TRUE(
      client->InferAsync(Request("echo", 5), answers.Adder(), {.cancellation = cancellation}).ok());
  server.AwaitCalls(1);
  cancellation.Cancel();
  EXPECT_EQ(answers.Await(1)[0].status().code(), StatusCode::kCancelled);
  ASSERT_TRUE(
      client->InferAsync(Request("echo", 5), answers.Adder(), {.cancellation = cancellation}).ok());
  EXPECT_EQ(answers.Await(2)[1].status().code(), StatusCode::kCancelled);
  EXPECT_EQ(server.calls(), 1);
}

TEST(AsyncTest, HasItsOwnDeadline) {
  FakeServer server;
  const auto client = server.Connect({.call_timeout = kLong});
  server.Hold();
  Answers answers;
  ASSERT_TRUE(client
                  ->InferAsync(Request("echo", 5), answers.Adder(),
                               {.timeout = std::chrono::milliseconds(50)})
                  .ok());
  EXPECT_EQ(answers.Await(1)[0].status().code(), StatusCode::kDeadlineExceeded);
}

TEST(AsyncTest, WaitsForAPlaceWithinItsDeadline) {
  FakeServer server;
  const auto client = server.Connect({.call_timeout = kLong, .max_in_flight = 1});
  server.Hold();
  Answers answers;
  ASSERT_TRUE(client->InferAsync(Request("echo", 1), answers.Adder()).ok());
  EXPECT_EQ(client
                ->InferAsync(Request("echo", 2), answers.Adder(),
                             {.timeout = std::chrono::milliseconds(50)})
                .code(),
            StatusCode::kDeadlineExceeded);
  server.Release();
  ASSERT_TRUE(client->InferAsync(Request("echo", 3), answers.Adder()).ok());
  const auto all = answers.Await(2);
  EXPECT_EQ(Element(*all[0]), 1);
  EXPECT_EQ(Element(*all[1]), 3);
}

TEST(AsyncTest, ACallbackMaySendTheNextButMustNotWaitForAPlace) {
  FakeServer server;
  const auto client = server.Connect({.max_in_flight = 1});
  std::promise<absl::Status> second;
  std::promise<absl::Status> third;
  Answers answers;
  ASSERT_TRUE(
      client
          ->InferAsync(Request("echo", 1),
                       [&](const absl::StatusOr<InferResponse>&) {
                         server.Hold();
                         second.set_value(client->InferAsync(Request("echo", 2), answers.Adder()));
                         third.set_value(client->InferAsync(Request("echo", 3), answers.Adder()));
                       })
          .ok());
  EXPECT_EQ(second.get_future().get(), absl::OkStatus());
  EXPECT_EQ(third.get_future().get().code(), StatusCode::kResourceExhausted);
  server.Release();
  EXPECT_EQ(Element(*answers.Await(1)[0]), 2);
}

TEST(AsyncTest, TheDestructorEndsEveryCall) {
  FakeServer server;
  auto client = server.Connect({.call_timeout = kLong});
  server.Hold();
  Answers answers;
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(client->InferAsync(Request("echo", 1), answers.Adder()).ok());
  }
  client.reset();
  ASSERT_EQ(answers.all().size(), 5U);
  for (const auto& answer : answers.all()) {
    EXPECT_EQ(answer.status().code(), StatusCode::kCancelled);
  }
}

TEST(AsyncTest, ACallbackCannotSendWhileTheClientEnds) {
  FakeServer server;
  auto client = server.Connect({.call_timeout = kLong});
  Client* const raw = client.get();
  server.Hold();
  absl::Status sent;
  ASSERT_TRUE(raw->InferAsync(Request("echo", 1),
                              [&](const absl::StatusOr<InferResponse>&) {
                                sent = raw->InferAsync(Request("echo", 2), [](auto) {});
                              })
                  .ok());
  client.reset();
  EXPECT_EQ(sent.code(), StatusCode::kCancelled);
}

}  // namespace
}  // namespace flambeau::client
