#include "grpc/status_mapping.h"

#include <gtest/gtest.h>

#include <string>

#include "grpc/call_context.h"

namespace flambeau {
namespace {

TEST(StatusMappingTest, KeepsCodeAndSentence) {
  const grpc::Status status = ToGrpcStatus(ResourceExhausted("the queue is full"));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(status.error_message(), "The queue is full.");
}

TEST(StatusMappingTest, HasEveryCode) {
  EXPECT_TRUE(ToGrpcStatus(OkStatus()).ok());
  EXPECT_EQ(ToGrpcStatus(Cancelled("s")).error_code(), grpc::StatusCode::CANCELLED);
  EXPECT_EQ(ToGrpcStatus(InvalidArgument("s")).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ToGrpcStatus(DeadlineExceeded("s")).error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(ToGrpcStatus(NotFound("s")).error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(ToGrpcStatus(Unimplemented("s")).error_code(), grpc::StatusCode::UNIMPLEMENTED);
  EXPECT_EQ(ToGrpcStatus(Internal("s")).error_code(), grpc::StatusCode::INTERNAL);
  EXPECT_EQ(ToGrpcStatus(Unavailable("s")).error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(ToGrpcStatus(FailedPrecondition("s")).error_code(),
            grpc::StatusCode::FAILED_PRECONDITION);
}

TEST(StatusMappingTest, ReplacesControlCharacters) {
  EXPECT_EQ(ToGrpcStatus(NotFound(std::string("a\0b\r\nc\x7f", 7))).error_message(),
            "The field a?b??c?.");
}

TEST(StatusMappingTest, CutsLongSentencesBetweenCharacters) {
  std::string sentence = "x";
  for (int i = 0; i < 1000; ++i) sentence += "\u00e9";
  const std::string cut = ToGrpcStatus(NotFound(sentence)).error_message();
  EXPECT_EQ(cut.size(), 511 + 3);
  EXPECT_EQ(cut.substr(509), "\u00e9...");
}

TEST(CallContextTest, ShowsPeersAsAddresses) {
  EXPECT_EQ(PeerAddress("ipv4:127.0.0.1:41234"), "127.0.0.1:41234");
  EXPECT_EQ(PeerAddress("ipv6:%5B::1%5D:80"), "[::1]:80");
  EXPECT_EQ(PeerAddress("unix:"), "unix");
  EXPECT_EQ(PeerAddress(""), "");
}

}  // namespace
}  // namespace flambeau
