#include "cli/bench/socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flambeau::client {
namespace {

TEST(HttpAddressTest, IsReadFromAUrl) {
  EXPECT_EQ(ParseHttpAddress("http://10.0.0.5:8000")->host, "10.0.0.5");
  EXPECT_EQ(ParseHttpAddress("http://10.0.0.5:8000/")->port, "8000");
  EXPECT_EQ(ParseHttpAddress("http://models.example")->port, "80");
  EXPECT_EQ(ParseHttpAddress("http://[::1]:8000")->host, "::1");
  EXPECT_EQ(ParseHttpAddress("http://[::1]")->host, "::1");
  for (const char* wrong : {"", "localhost:8000", "https://localhost:8000", "http://", "http:///",
                            "http://:8000", "http://a:", "http://a:8000/v2"}) {
    const auto address = ParseHttpAddress(wrong);
    ASSERT_FALSE(address.ok()) << wrong;
    EXPECT_EQ(address.status().message(),
              "'" + std::string(wrong) + "' is no address; write --url http://HOST:PORT");
  }
}

TEST(ConnectTest, SaysThatNobodyAnswers) {
  const auto socket = Connect({"127.0.0.1", "1"}, std::chrono::seconds(10));
  ASSERT_FALSE(socket.ok());
  EXPECT_EQ(socket.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(socket.status().message(), "no server answers at 127.0.0.1:1 (Connection refused)");
}

}  // namespace
}  // namespace flambeau::client
