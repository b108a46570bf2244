#include "cli/server_metrics.h"

#include <gtest/gtest.h>

#include <limits>

namespace flambeau::client {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(ServerMetricsTest, ReadPrometheusText) {
  const ServerMetrics metrics = ParseMetrics(R"(# HELP flambeau_queue_depth Requests waiting
# TYPE flambeau_queue_depth gauge
flambeau_queue_depth{model="a \"b\"",version="1"} 7
flambeau_queue_depth{model="c",version="2"} 0
flambeau_request_seconds_count{model="c",version="2"} 10
flambeau_request_seconds_bucket{model="c",version="2",le="0.001"} 4
flambeau_request_seconds_bucket{model="c",version="2",le="+Inf"} 10
process_threads 12
flambeau_queue_depth{model="broken
)");
  ASSERT_EQ(metrics.size(), 2U);
  EXPECT_EQ(metrics.at({"a \"b\"", "1"}).queue_depth, 7);
  const ModelGauges& c = metrics.at({"c", "2"});
  EXPECT_EQ(c.latencies, (LatencyBuckets{{0.001, 4}, {kInfinity, 10}}));
  EXPECT_TRUE(ParseMetrics("").empty());
}

TEST(ServerMetricsTest, PercentilesLieBetweenBounds) {
  const LatencyBuckets before = {{0.001, 100}, {0.01, 100}, {kInfinity, 100}};
  const LatencyBuckets after = {{0.001, 150}, {0.01, 195}, {kInfinity, 200}};
  EXPECT_DOUBLE_EQ(*Percentile(before, after, 25), 0.0005);
  EXPECT_DOUBLE_EQ(*Percentile(before, after, 50), 0.001);
  EXPECT_DOUBLE_EQ(*Percentile(before, after, 95), 0.01);
  EXPECT_DOUBLE_EQ(*Percentile(before, after, 99),
                   0.01);  // somewhere above the last bound
  EXPECT_DOUBLE_EQ(*Percentile({}, after, 50), 0.001 * 100 / 150);
  EXPECT_FALSE(Percentile(after, after, 50).has_value());
  EXPECT_FALSE(Percentile({}, {}, 50).has_value());
}

}  // namespace
}  // namespace flambeau::client
