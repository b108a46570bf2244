#include "cli/bench/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace flambeau::client {
namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr Time kStart{};

class ReportTest : public testing::Test {
 protected:
  ReportTest() : tally_({kStart, kStart + std::chrono::seconds(2), false}) {
    for (int i = 1; i <= 1000; ++i) {
      tally_.Answered(kStart, kStart + std::chrono::microseconds(i));
    }
    tally_.Failed(kStart, "429", R"({"error": "The queue\nis full."})");
    options_.model = "m";
    options_.concurrency = 8;
    result_.tally = &tally_;
    result_.cpu_seconds = 0.01001;
  }

  BenchOptions options_;
  Tally tally_;
  BenchResult result_;
};

TEST_F(ReportTest, TellsPeople) {
  ModelCounters server;
  server.inferences = 1000;
  server.executions = 400;
  server.queue = {1000, 40'000'000};
  server.compute = {1000, 1'250'000'000};
  result_.server = server;
  const std::string text = BenchAsText(options_, result_);
  EXPECT_THAT(text, HasSubstr("m by grpc, 8 at once\n"));
  EXPECT_THAT(text, HasSubstr("requests/s  500.0 (1000 in 2.0 s)\n"));
  EXPECT_THAT(text,
              HasSubstr("errors      1 (429: 1)\n            the first: The queue is full.\n"));
  EXPECT_THAT(text, HasSubstr("server      batch size 2.50, queue 40.0 us, compute 1.25 ms\n"));
  EXPECT_THAT(text, HasSubstr("this client 10.0 us of CPU"));
  EXPECT_THAT(text, HasSubstr("1.00 ms\n"));  // the greatest latency
  EXPECT_THAT(text, testing::Not(HasSubstr("not sent")));
}

TEST_F(ReportTest, TellsPrograms) {
  const json object = json::parse(BenchAsJson(options_, result_));
  EXPECT_EQ(object["loop"], "closed");
  EXPECT_EQ(object["requests"], 1000);
  EXPECT_EQ(object["requests_per_second"], 500);
  EXPECT_EQ(object["errors"], json({{"429", 1}}));
  EXPECT_EQ(object["first_error"], "The queue is full.");
  EXPECT_NEAR(object["latency_us"]["p50"], 500, 1);
  EXPECT_NEAR(object["latency_us"]["p999"], 999, 1);
  EXPECT_EQ(object["latency_us"]["max"], 1000);
  EXPECT_NEAR(object["latency_us"]["mean"], 500.5, 1e-6);
  EXPECT_FALSE(object.contains("server"));
  EXPECT_FALSE(object.contains("rate"));
}

TEST_F(ReportTest, AnOpenLoopShowsWhatCouldNotBeSent) {
  options_.rate = 700;
  tally_.Unsent();
  EXPECT_THAT(BenchAsText(options_, result_),
              HasSubstr("m by grpc, 700 requests/s (Poisson), at most 8 at once\n"));
  EXPECT_THAT(BenchAsText(options_, result_), HasSubstr("not sent    1 were due"));
  const json object = json::parse(BenchAsJson(options_, result_));
  EXPECT_EQ(object["loop"], "open");
  EXPECT_EQ(object["rate"], 700);
  EXPECT_EQ(object["not_sent"], 1);
}

}  // namespace
}  // namespace flambeau::client
