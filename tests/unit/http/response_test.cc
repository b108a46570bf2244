#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/no_memory.h"
#include "http/response_writer.h"
#include "http/status_mapping.h"

namespace flambeau {
namespace {

TEST(StatusMappingTest, EveryCodeHasItsHttpCode) {
  const std::vector<std::pair<StatusCode, int>> expected = {
      {StatusCode::kOk, 200},
      {StatusCode::kInvalidArgument, 400},
      {StatusCode::kFailedPrecondition, 400},
      {StatusCode::kOutOfRange, 400},
      {StatusCode::kUnauthenticated, 401},
      {StatusCode::kPermissionDenied, 403},
      {StatusCode::kNotFound, 404},
      {StatusCode::kAlreadyExists, 409},
      {StatusCode::kAborted, 409},
      {StatusCode::kResourceExhausted, 429},
      {StatusCode::kCancelled, 499},
      {StatusCode::kInternal, 500},
      {StatusCode::kUnknown, 500},
      {StatusCode::kDataLoss, 500},
      {StatusCode::kUnimplemented, 501},
      {StatusCode::kUnavailable, 503},
      {StatusCode::kDeadlineExceeded, 504},
  };
  for (const auto& [code, http] : expected) {
    EXPECT_EQ(HttpCode(code), http) << absl::StatusCodeToString(code);
    EXPECT_NE(ReasonPhrase(http), "Unknown") << http;
  }
}

TEST(StatusMappingTest, ErrorsAreJsonAndSayWhenToRetry) {
  const HttpResponse bad = ErrorResponse(InvalidArgument("The field \"a\" is missing."));
  EXPECT_EQ(bad.status, 400);
  EXPECT_EQ(bad.content_type, "application/json");
  EXPECT_EQ(bad.body, R"({"error":"The field \"a\" is missing."})");
  EXPECT_TRUE(bad.headers.empty());
  const std::vector<std::pair<std::string, std::string>> retry = {{"Retry-After", "1"}};
  EXPECT_EQ(ErrorResponse(ResourceExhausted("full")).headers, retry);
  EXPECT_EQ(ErrorResponse(Unavailable("loading")).headers, retry);
  EXPECT_TRUE(ErrorResponse(DeadlineExceeded("late")).headers.empty());
}

TEST(StatusMappingTest, WantOfMemoryIsNotTheClientsHaste) {
  EXPECT_EQ(ErrorResponse(NoMemory("no memory")).status, 503);
  EXPECT_EQ(ErrorResponse(ResourceExhausted("full")).status, 429);
}

TEST(ResponseWriterTest, WritesAHead) {
  HttpResponse response;
  response.body = "12345";
  response.headers = {{"Allow", "GET"}};
  EXPECT_EQ(SerializeHead(response, {true, false, "today", "id-1"}),
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5\r\n"
            "Date: today\r\nX-Request-Id: id-1\r\nAllow: GET\r\n\r\n");
  response.status = 429;
  EXPECT_EQ(SerializeHead(response, {false, true, {}, {}}),
            "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\n"
            "Content-Length: 5\r\nAllow: GET\r\nConnection: close\r\n\r\n");
}

TEST(ResponseWriterTest, AValueCannotBeginANewHeader) {
  HttpResponse response;
  response.headers = {{"X-A", "a\r\nSet-Cookie: b\n\x7f"}};
  const std::string head = SerializeHead(response, {});
  EXPECT_NE(head.find("\r\nX-A: aSet-Cookie: b\r\n"), std::string::npos);
}

}  // namespace
}  // namespace flambeau
