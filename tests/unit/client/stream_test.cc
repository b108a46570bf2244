#include "flambeau/stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "client/answers.h"
#include "client/fake_server.h"

namespace flambeau::client {
namespace {

using absl::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::chrono::hours kLong(10);

// A stream whose answers are collected with their ids.
class StreamTest : public testing::Test {
 protected:
  Stream::OnAnswer Adder() {
    return [this](const std::string& id, absl::StatusOr<InferResponse> answer) {
      ids_.push_back(id);
      answers_.Add(std::move(answer));
    };
  }

  std::vector<std::string> ids_;  // of the loop's thread, until a stream has ended
  Answers answers_;
  FakeServer server_;
};

TEST_F(StreamTest, AnswersInOrder) {
  const auto client = server_.Connect({.max_in_flight = 4});
  const auto stream = client->OpenStream(Adder());
  ASSERT_TRUE(stream.ok()) << stream.status();
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE((*stream)->Send(Request("echo", static_cast<float>(i))).ok()) << i;
  }
  EXPECT_EQ((*stream)->Finish(), absl::OkStatus());
  const auto answers = answers_.all();
  ASSERT_EQ(answers.size(), 100U);
  for (int i = 0; i < 100; ++i) {
    EXPECT_EQ(Element(*answers[i]), static_cast<float>(i));
    EXPECT_EQ(ids_[i], std::to_string(i));
  }
  EXPECT_EQ(server_.calls(), 1);
}

TEST_F(StreamTest, ARequestThatFailsDoesNotEndIt) {
  const auto client = server_.Connect();
  const auto stream = client->OpenStream(Adder());
  for (const auto* model : {"echo", "bad", "echo"}) {
    ASSERT_TRUE((*stream)->Send(Request(model, 7)).ok());
  }
  EXPECT_EQ((*stream)->Finish(), absl::OkStatus());
  const auto answers = answers_.all();
  ASSERT_EQ(answers.size(), 3U);
  EXPECT_TRUE(answers[0].ok());
  EXPECT_EQ(answers[1].status(), absl::UnknownError("it is bad"));
  EXPECT_EQ(Element(*answers[2]), 7);
  EXPECT_THAT(ids_, ElementsAre("7", "7", "7"));
}

TEST_F(StreamTest, NothingIsSentAfterFinish) {
  const auto client = server_.Connect();
  const auto stream = client->OpenStream(Adder());
  EXPECT_EQ((*stream)->Finish(), absl::OkStatus());
  EXPECT_EQ((*stream)->Send(Request("echo", 1)).code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ((*stream)->Finish(), absl::OkStatus());
}

TEST_F(StreamTest, TellsWhyTheServerEndedIt) {
  const auto client = server_.Connect();
  const auto stream = client->OpenStream(Adder());
  ASSERT_TRUE((*stream)->Send(Request("echo", 1)).ok());
  ASSERT_TRUE((*stream)->Send(Request("end", 2)).ok());
  EXPECT_EQ((*stream)->Finish(), absl::UnavailableError("it stops"));
  EXPECT_EQ(answers_.all().size(), 1U);
  EXPECT_EQ(server_.calls(), 1);
}

TEST_F(StreamTest, TellsThatTheServerDoesNotWantIt) {
  server_.FailNext(grpc::StatusCode::UNIMPLEMENTED);
  const auto client = server_.Connect();
  const auto stream = client->OpenStream(Adder());
  EXPECT_EQ((*stream)->Finish(), absl::UnimplementedError("as the test wants"));
}

TEST_F(StreamTest, IsCancelled) {
  server_.Hold();
  const auto client = server_.Connect({.call_timeout = kLong});
  const Cancellation cancellation;
  const auto by_itself = client->OpenStream(Adder());
  const auto by_switch = client->OpenStream(Adder(), {.cancellation = cancellation});
  server_.AwaitCalls(2);
  (*by_itself)->Cancel();
  EXPECT_EQ((*by_itself)->Finish().code(), StatusCode::kCancelled);
  cancellation.Cancel();
  EXPECT_EQ((*by_switch)->Finish().code(), StatusCode::kCancelled);
}

TEST_F(StreamTest, HasItsOwnDeadline) {
  server_.Hold();
  const auto client = server_.Connect({.call_timeout = kLong});
  const auto stream = client->OpenStream(Adder(), {.timeout = std::chrono::milliseconds(50)});
  EXPECT_EQ((*stream)->Finish().code(), StatusCode::kDeadlineExceeded);
}

TEST_F(StreamTest, FinishAndSendDoNotWaitForEver) {
  server_.Hold();  // and so nothing is read
  const auto client = server_.Connect({.call_timeout = std::chrono::milliseconds(50)});
  const auto stream = client->OpenStream(Adder());
  EXPECT_THAT(std::string((*stream)->Finish().message()), HasSubstr("not every answer"));

  const auto full =
      server_.Connect({.call_timeout = std::chrono::milliseconds(50), .max_in_flight = 1});
  const auto slow = full->OpenStream(Adder());
  InferRequest large = Request("echo", 1);
  large.inputs[0].bytes.assign(8 << 20, 'x');
  absl::Status sent;
  for (int i = 0; i < 10 && sent.ok(); ++i) sent = (*slow)->Send(large);
  EXPECT_EQ(sent.code(), StatusCode::kDeadlineExceeded);
}

TEST_F(StreamTest, ACallbackMaySendButNotFinish) {
  const auto client = server_.Connect();
  std::promise<Stream*> opened;
  std::promise<std::pair<absl::Status, absl::Status>> told;
  bool first = true;
  const auto stream = client->OpenStream(
      [&, open = opened.get_future().share()](const std::string&, absl::StatusOr<InferResponse> a) {
        answers_.Add(std::move(a));
        if (!std::exchange(first, false)) return;
        const absl::Status finished = open.get()->Finish();
        told.set_value({open.get()->Send(Request("echo", 2)), finished});
      });
  opened.set_value(stream->get());
  ASSERT_TRUE((*stream)->Send(Request("echo", 1)).ok());
  const auto [sent, finished] = told.get_future().get();
  EXPECT_EQ(sent, absl::OkStatus());
  EXPECT_EQ(finished.code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(Element(*answers_.Await(2)[1]), 2);
  EXPECT_EQ((*stream)->Finish(), absl::OkStatus());
}

TEST_F(StreamTest, OutlivesItsClientWhichEndsIt) {
  auto client = server_.Connect({.call_timeout = kLong});
  const auto stream = client->OpenStream(Adder());
  ASSERT_TRUE((*stream)->Send(Request("echo", 1)).ok());
  answers_.Await(1);
  client.reset();
  EXPECT_EQ((*stream)->Send(Request("echo", 2)).code(), StatusCode::kCancelled);
  EXPECT_EQ((*stream)->Finish().code(), StatusCode::kCancelled);
  EXPECT_EQ(answers_.all().size(), 1U);
}

TEST_F(StreamTest, ItsDestructorCancelsIt) {
  server_.Hold();
  const auto client = server_.Connect({.call_timeout = kLong});
  auto stream = client->OpenStream(Adder());
  server_.AwaitCalls(1);
  stream->reset();
  EXPECT_TRUE(answers_.all().empty());
}

}  // namespace
}  // namespace flambeau::client
