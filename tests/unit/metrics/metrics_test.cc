#include "metrics/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "base/thread.h"

namespace flambeau {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using ::testing::HasSubstr;
using ::testing::Not;

// The value of the one line that starts with `series` and a blank; -1 if there is none.
double ValueOf(const std::string& text, const std::string& series) {
  const std::string line = "\n" + series + " ";
  const size_t at = ("\n" + text).find(line);
  return at == std::string::npos ? -1 : std::stod(text.substr(at + line.size() - 1));
}

constexpr char kLabels[] = "{model=\"digits\",version=\"3\"}";

TEST(MetricsTest, CountsASuccessUnderTritonsNames) {
  auto metrics = Metrics::Create();
  auto model = metrics->ForModel("digits", "3");
  model->Success(4, microseconds(100), microseconds(10), microseconds(20), microseconds(30),
                 microseconds(5));
  model->Success(1, microseconds(50), microseconds(1), microseconds(2), microseconds(3),
                 microseconds(4));
  const std::string text = metrics->Expose();
  const std::string labels = kLabels;
  EXPECT_EQ(ValueOf(text, "nv_inference_request_success" + labels), 2);
  EXPECT_EQ(ValueOf(text, "nv_inference_count" + labels), 5);
  EXPECT_EQ(ValueOf(text, "nv_inference_request_duration_us" + labels), 150);
  EXPECT_EQ(ValueOf(text, "nv_inference_queue_duration_us" + labels), 11);
  EXPECT_EQ(ValueOf(text, "nv_inference_compute_input_duration_us" + labels), 22);
  EXPECT_EQ(ValueOf(text, "nv_inference_compute_infer_duration_us" + labels), 33);
  EXPECT_EQ(ValueOf(text, "nv_inference_compute_output_duration_us" + labels), 9);
  EXPECT_EQ(ValueOf(text, "flambeau_queue_seconds_count" + labels), 2);
}

TEST(MetricsTest, TheCachesSeriesComeWithItsFirstUse) {
  auto metrics = Metrics::Create();
  auto model = metrics->ForModel("digits", "3");
  const std::string labels = kLabels;
  EXPECT_EQ(ValueOf(metrics->Expose(), "nv_cache_num_hits_per_model" + labels), -1);
  model->CacheHit(microseconds(50), microseconds(8));
  model->CacheMiss(microseconds(9));
  model->CacheMiss(microseconds(1));
  const std::string text = metrics->Expose();
  EXPECT_EQ(ValueOf(text, "nv_cache_num_hits_per_model" + labels), 1);
  EXPECT_EQ(ValueOf(text, "nv_cache_num_misses_per_model" + labels), 2);
  EXPECT_EQ(ValueOf(text, "nv_cache_hit_duration_per_model" + labels), 8);
  EXPECT_EQ(ValueOf(text, "nv_cache_miss_duration_per_model" + labels), 10);
  EXPECT_EQ(ValueOf(text, "nv_inference_request_success" + labels), 1);
  EXPECT_EQ(ValueOf(text, "nv_inference_request_duration_us" + labels), 50);
  EXPECT_EQ(ValueOf(text, "nv_inference_count" + labels), 0);
}

TEST(MetricsTest, CountsFailuresByReasonAndUnknownOnesAsOther) {
  auto metrics = Metrics::Create();
  auto model = metrics->ForModel("m", "1");
  for (const char* reason : {"REJECTED", "CANCELED", "BACKEND", "OTHER", "weather"}) {
    model->Failure(reason);
  }
  const std::string text = metrics->Expose();
  const std::string start = R"(nv_inference_request_failure{model="m",reason=")";
  EXPECT_EQ(ValueOf(text, start + R"(REJECTED",version="1"})"), 1);
  EXPECT_EQ(ValueOf(text, start + R"(CANCELED",version="1"})"), 1);
  EXPECT_EQ(ValueOf(text, start + R"(BACKEND",version="1"})"), 1);
  EXPECT_EQ(ValueOf(text, start + R"(OTHER",version="1"})"), 2);
}

TEST(MetricsTest, CountsRequestsByProtocolAndStatus) {
  auto metrics = Metrics::Create();
  auto model = metrics->ForModel("m", "1");
  model->Request(MetricsProtocol::kHttp, StatusCode::kOk, milliseconds(2));
  model->Request(MetricsProtocol::kHttp, StatusCode::kOk, milliseconds(2));
  model->Request(MetricsProtocol::kGrpc, StatusCode::kInvalidArgument, milliseconds(2));
  metrics->Request(MetricsProtocol::kGrpc, StatusCode::kNotFound);
  const std::string text = metrics->Expose();
  const std::string start = R"(flambeau_requests_total{model="m",protocol=")";
  EXPECT_EQ(ValueOf(text, start + R"(http",status="OK",version="1"})"), 2);
  EXPECT_EQ(ValueOf(text, start + R"(grpc",status="INVALID_ARGUMENT",version="1"})"), 1);
  EXPECT_EQ(ValueOf(text, R"(flambeau_requests_total{model="",protocol="grpc",)"
                          R"(status="NOT_FOUND",version=""})"),
            1);
  EXPECT_EQ(ValueOf(text, R"(flambeau_request_seconds_count{model="m",version="1"})"), 3);
}

// rate() does not see the step of a series that begins with it.
TEST(MetricsTest, WhatAlertsCountIsThereBeforeItHappens) {
  auto metrics = Metrics::Create();
  const auto model = metrics->ForModel("m", "1");
  const std::string text = metrics->Expose();
  for (const std::string protocol : {"http", "grpc"}) {
    for (const std::string status : {"OK", "INVALID_ARGUMENT", "INTERNAL", "RESOURCE_EXHAUSTED",
                                     "UNAVAILABLE", "DEADLINE_EXCEEDED"}) {
      const std::string labels =
          ",protocol=\"" + protocol + "\",status=\"" + status + "\",version=";
      EXPECT_EQ(ValueOf(text, "flambeau_requests_total{model=\"m\"" + labels + "\"1\"}"), 0);
      EXPECT_EQ(ValueOf(text, "flambeau_requests_total{model=\"\"" + labels + "\"\"}"), 0);
    }
  }
  EXPECT_EQ(
      ValueOf(text, R"(nv_inference_request_failure{model="m",reason="BACKEND",version="1"})"), 0);
}

TEST(MetricsTest, BatchRowsAreAHistogram) {
  auto metrics = Metrics::Create();
  auto model = metrics->ForModel("m", "1");
  model->Run(1, milliseconds(1));
  model->Run(8, milliseconds(1));
  const std::string text = metrics->Expose();
  EXPECT_EQ(ValueOf(text, R"(flambeau_batch_rows_bucket{model="m",version="1",le="1"})"), 1);
  EXPECT_EQ(ValueOf(text, R"(flambeau_batch_rows_bucket{model="m",version="1",le="8"})"), 2);
  EXPECT_EQ(ValueOf(text, R"(flambeau_batch_rows_sum{model="m",version="1"})"), 9);
  EXPECT_EQ(ValueOf(text, R"(flambeau_compute_seconds_count{model="m",version="1"})"), 2);
  EXPECT_EQ(ValueOf(text, R"(nv_inference_exec_count{model="m",version="1"})"), 2);
}

TEST(MetricsTest, OneStateIsOneAtATime) {
  auto metrics = Metrics::Create();
  metrics->ModelState("m", "1", "LOADING");
  metrics->ModelState("m", "1", "READY");
  metrics->ModelLoadTime("m", "1", milliseconds(1500));
  const std::string text = metrics->Expose();
  EXPECT_EQ(ValueOf(text, R"(flambeau_model_state{model="m",state="READY",version="1"})"), 1);
  EXPECT_EQ(ValueOf(text, R"(flambeau_model_state{model="m",state="LOADING",version="1"})"), 0);
  EXPECT_EQ(ValueOf(text, R"(nv_model_load_duration_secs{model="m",version="1"})"), 1.5);
}

TEST(MetricsTest, GaugesFollow) {
  auto metrics = Metrics::Create();
  auto model = metrics->ForModel("m", "1");
  metrics->InFlight(1);
  metrics->InFlight(1);
  metrics->InFlight(-1);
  model->InFlight(1);
  model->QueueDepth(7);
  double connections = 3;
  metrics->OnScrape("http", [&connections] { return connections; });
  std::string text = metrics->Expose();
  EXPECT_EQ(ValueOf(text, "flambeau_in_flight"), 1);
  EXPECT_EQ(ValueOf(text, R"(flambeau_model_in_flight{model="m",version="1"})"), 1);
  EXPECT_EQ(ValueOf(text, R"(flambeau_queue_depth{model="m",version="1"})"), 7);
  EXPECT_EQ(ValueOf(text, R"(nv_inference_pending_request_count{model="m",version="1"})"), 7);
  EXPECT_EQ(ValueOf(text, R"(flambeau_connections{listener="http"})"), 3);
  connections = 4;
  text = metrics->Expose();
  EXPECT_EQ(ValueOf(text, R"(flambeau_connections{listener="http"})"), 4);
  EXPECT_GT(ValueOf(text, "process_cpu_seconds_total"), 0);
  EXPECT_GT(ValueOf(text, "nv_cpu_memory_total_bytes"), ValueOf(text, "nv_cpu_memory_used_bytes"));
  EXPECT_GT(ValueOf(text, "process_resident_memory_bytes"), 0);
}

TEST(MetricsTest, AModelsSeriesGoWithItsLastHandle) {
  auto metrics = Metrics::Create();
  auto pinned = metrics->ForModel("m", "1");
  pinned->Run(1, milliseconds(1));
  auto again = metrics->ForModel("m", "1");
  pinned.reset();
  again->Run(1, milliseconds(1));
  EXPECT_EQ(ValueOf(metrics->Expose(), R"(nv_inference_exec_count{model="m",version="1"})"), 2);
  again.reset();
  EXPECT_THAT(metrics->Expose(), Not(HasSubstr("model=\"m\"")));
}

TEST(MetricsTest, ManyThreadsLoseNoCount) {
  auto metrics = Metrics::Create();
  auto model = metrics->ForModel("m", "1");
  {
    std::vector<Thread> threads;
    threads.reserve(4);
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back("count", [&] {
        for (int j = 0; j < 1000; ++j) {
          model->Request(MetricsProtocol::kHttp, StatusCode::kOk, microseconds(5));
          if (j % 100 == 0) metrics->ForModel("m", "2")->Run(1, microseconds(5));
        }
      });
    }
  }
  EXPECT_EQ(ValueOf(metrics->Expose(), R"(flambeau_requests_total{model="m",protocol="http",)"
                                       R"(status="OK",version="1"})"),
            4000);
}

TEST(MetricsTest, AModelThatIsForgottenLeavesNothing) {
  const auto metrics = Metrics::Create();
  for (int round = 0; round < 2; ++round) {
    auto model = metrics->ForModel("gone", "1");
    metrics->ModelState("gone", "1", "READY");
    metrics->ModelLoadTime("gone", "1", std::chrono::seconds(1));
    EXPECT_NE(metrics->Expose().find("nv_model_load_duration_secs{model=\"gone\""),
              std::string::npos);
    model = nullptr;
    metrics->ModelState("gone", "1", "");
    EXPECT_EQ(metrics->Expose().find("gone"), std::string::npos);
  }
}

}  // namespace
}  // namespace flambeau
