#include "cli/watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cli/models.h"

namespace flambeau::client {
namespace {

using nlohmann::json;
using testing::HasSubstr;

ModelCounters Counted(int64_t good, int64_t bad) {
  ModelCounters counters;
  counters.name = "m";
  counters.version = "1";
  counters.inferences = 4 * good;
  counters.executions = good;
  counters.success = {good, good * 2'000'000};
  counters.fail = {bad, 0};
  return counters;
}

class WatchTest : public testing::Test {
 protected:
  WatchTest() {
    before_.time = std::chrono::steady_clock::time_point();
    after_.time = before_.time + std::chrono::seconds(2);
    before_.counters = {Counted(100, 0)};
    after_.counters = {Counted(300, 10)};
    after_.states = {{"m", "1", "READY", ""}, {"other", "", "UNAVAILABLE", "it is broken"}};
  }

  WatchSample before_;
  WatchSample after_;
};

TEST_F(WatchTest, ShowsWhatHappenedBetweenTwoSamples) {
  after_.metrics = ServerMetrics{{{"m", "1"}, {5, {{0.002, 50}, {0.004, 100}}}}};
  const std::vector<WatchRow> rows = MakeRows(before_, after_);
  const std::string text = WatchAsText(rows, /*colour=*/false);
  EXPECT_EQ(text,
            "MODEL  VERSION  STATE        REQ/S  ERR/S  MEAN     P50     "
            " P99      BATCH  QUEUED\n"
            "m      1        READY        105.0  5.0    2.00 ms  2.00 ms "
            " 3.96 ms  4.0    5\n"
            "other           UNAVAILABLE  0.0    0.0    -        -       "
            " -        -      -\n");
  EXPECT_THAT(WatchAsText(rows, /*colour=*/true), HasSubstr("\033[32mREADY\033[0m        105.0"));
  const json object = json::parse(WatchAsJson(rows, true));
  EXPECT_EQ(object["ready"], true);
  EXPECT_EQ(object["models"][0]["requests_per_second"], 105);
  EXPECT_EQ(object["models"][0]["latency_us_mean"], 2000);
  EXPECT_EQ(object["models"][0]["queue_depth"], 5);
  EXPECT_FALSE(object["models"][1].contains("latency_us_mean"));
}

TEST_F(WatchTest, DoesWithoutMetrics) {
  const std::vector<WatchRow> rows = MakeRows(before_, after_);
  EXPECT_EQ(rows[0].requests, 105);
  EXPECT_FALSE(rows[0].p99.has_value());
  EXPECT_FALSE(rows[0].queue_depth.has_value());
  EXPECT_EQ(WatchAsText({}, true), "no models\n");
}

TEST(ModelsTest, ShowVersionsAndTheirLabels) {
  ServerReport report;
  ModelMetadata metadata;
  metadata.name = "m";
  metadata.properties = {{"batching", "proven"},
                         {"labels.stable", "3"},
                         {"labels.canary", "4"},
                         {"shares.canary", "12.5"}};
  report.models = {{{"m", "3", "READY", ""}, metadata},
                   {{"m", "4", "READY", ""}, metadata},
                   {{"n", "", "UNAVAILABLE", "it is broken"}, {}}};
  EXPECT_EQ(ModelsAsText(report, /*colour=*/false),
            "MODEL  VERSION  STATE        BATCHING  LABELS\n"
            "m      3        READY        proven    stable\n"
            "m      4        READY        proven    canary 12.5 %\n"
            "n               UNAVAILABLE  -         it is broken\n");
  EXPECT_EQ(LabelsAsText(report, ""),
            "MODEL  LABEL   VERSION  SHARE\n"
            "m      canary  4        12.5 %\n"
            "m      stable  3        -\n");
  EXPECT_EQ(LabelsAsText(report, "n"), "no labels\n");
  EXPECT_EQ(
      json::parse(LabelsAsJson(report, "m"))[0],
      json::parse(R"({"model": "m", "label": "canary", "version": "4", "share_percent": 12.5})"));
  EXPECT_EQ(json::parse(ModelsAsJson(report))[2]["reason"], "it is broken");
}

}  // namespace
}  // namespace flambeau::client
