#include "cli/model_counters.h"

#include <gtest/gtest.h>

namespace flambeau::client {
namespace {

ModelCounters Of(const char* version, int64_t requests, int64_t batches) {
  ModelCounters model;
  model.name = "m";
  model.version = version;
  model.inferences = 2 * requests;
  model.executions = batches;
  model.success = {requests, requests * 5000};
  model.queue = {requests, requests * 3000};
  model.compute = {requests, requests * 2000};
  return model;
}

TEST(ModelCountersTest, TellWhatCameInBetween) {
  // Version 1 went on, 2 was loaded anew and 3 came.
  const auto difference = Difference({Of("1", 100, 50), Of("2", 100, 50)},
                                     {Of("1", 160, 60), Of("2", 10, 4), Of("3", 5, 5)});
  ASSERT_EQ(difference.size(), 3U);
  EXPECT_EQ(difference[0].success.count, 60);
  EXPECT_EQ(difference[0].executions, 10);
  EXPECT_DOUBLE_EQ(difference[0].MeanBatch(), 12);
  EXPECT_EQ(difference[1].success.count, 10);
  EXPECT_EQ(difference[2].success.count, 5);
  const ModelCounters sum = Sum(difference);
  EXPECT_EQ(sum.success.count, 75);
  EXPECT_EQ(sum.inferences, 150);
  EXPECT_EQ(sum.executions, 19);
  EXPECT_DOUBLE_EQ(sum.queue.MeanMicroseconds(), 3);
  EXPECT_DOUBLE_EQ(sum.compute.MeanMicroseconds(), 2);
}

TEST(ModelCountersTest, NothingIsZero) {
  EXPECT_EQ(Sum({}).MeanBatch(), 0);
  EXPECT_EQ(Sum({}).queue.MeanMicroseconds(), 0);
}

}  // namespace
}  // namespace flambeau::client
