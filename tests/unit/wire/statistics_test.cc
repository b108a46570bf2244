#include "wire/statistics.h"

#include <gtest/gtest.h>

namespace flambeau {
namespace {

TEST(EncodeStatistics, EveryFieldInTheProtocolsOrder) {
  ModelStatistics model;
  model.name = "m";
  model.version = 3;
  model.counts.last_inference_ms = 1700000000123;
  model.counts.inference_count = 5;
  model.counts.execution_count = 2;
  model.counts.success = {4, 40};
  model.counts.fail = {1, 11};
  model.counts.queue = {4, 12};
  model.counts.compute_input = {3, 13};
  model.counts.compute_infer = {3, 14};
  model.counts.compute_output = {3, 15};
  model.counts.cache_hit = {1, 16};
  model.counts.cache_miss = {3, 17};
  model.counts.batches = {{2, {1, 18}, {1, 19}, {1, 20}}};
  model.memory = {{"GPU", 1, 4096}};
  EXPECT_EQ(EncodeStatistics({model}),
            R"({"model_stats":[{"name":"m","version":"3","last_inference":1700000000123,)"
            R"("inference_count":5,"execution_count":2,"inference_stats":{)"
            R"("success":{"count":4,"ns":40},"fail":{"count":1,"ns":11},)"
            R"("queue":{"count":4,"ns":12},"compute_input":{"count":3,"ns":13},)"
            R"("compute_infer":{"count":3,"ns":14},"compute_output":{"count":3,"ns":15},)"
            R"("cache_hit":{"count":1,"ns":16},"cache_miss":{"count":3,"ns":17}},)"
            R"("response_stats":{},"batch_stats":[{"batch_size":2,)"
            R"("compute_input":{"count":1,"ns":18},"compute_infer":{"count":1,"ns":19},)"
            R"("compute_output":{"count":1,"ns":20}}],)"
            R"("memory_usage":[{"type":"GPU","id":1,"byte_size":4096}]}]})");
}

TEST(EncodeStatistics, NoModels) { EXPECT_EQ(EncodeStatistics({}), R"({"model_stats":[]})"); }

}  // namespace
}  // namespace flambeau
