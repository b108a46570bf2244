#include "serving/model_statistics.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "serving/served_model.h"

namespace flambeau {
namespace {

Facts OnDevice(const std::string& device) {
  Facts facts = FakeFacts();
  facts.device = device;
  facts.parameter_bytes = 4096;
  return facts;
}

class ModelStatisticsTest : public ::testing::Test {
 protected:
  SystemClock clock_;
  std::unique_ptr<Metrics> metrics_ = Metrics::Create();
};

TEST_F(ModelStatisticsTest, OnlyWhatIsReadyIsListed) {
  ServedModel served(OnDevice("cpu"), {}, &clock_, metrics_.get());
  for (const char* name : {"", "m"}) {
    const auto all = ReadStatistics(*served.repository(), name, "");
    ASSERT_TRUE(all.ok()) << all.status();
    ASSERT_EQ(all->size(), 1u);
    EXPECT_EQ(all->front().name, "m");
    EXPECT_EQ(all->front().version, 1);
  }
  const auto version = ReadStatistics(*served.repository(), "m", "1");
  ASSERT_TRUE(version.ok());
  EXPECT_EQ(version->size(), 1u);
}

TEST_F(ModelStatisticsTest, ANameWithNothingReadyIsAnError) {
  ServedModel served(OnDevice("cpu"), {}, &clock_, metrics_.get());
  const auto code = [&](const char* name, const char* version) {
    return ReadStatistics(*served.repository(), name, version).status().code();
  };
  EXPECT_EQ(code("nobody", ""), StatusCode::kNotFound);
  EXPECT_EQ(code("m", "7"), StatusCode::kNotFound);
  EXPECT_EQ(code("m", "x"), StatusCode::kInvalidArgument);
  EXPECT_EQ(code("broken", ""), StatusCode::kUnavailable);
}

TEST_F(ModelStatisticsTest, ParametersCountWhereTheyLie) {
  const auto memory = [&](const std::string& device) {
    ServedModel served(OnDevice(device), {}, &clock_, metrics_.get());
    return ReadStatistics(*served.repository(), "m", "")->front().memory.at(0);
  };
  const MemoryUsage cpu = memory("cpu");
  EXPECT_EQ(cpu.type, "CPU");
  EXPECT_EQ(cpu.bytes, 4096u);
  const MemoryUsage gpu = memory("cuda:2");
  EXPECT_EQ(gpu.type, "GPU");
  EXPECT_EQ(gpu.id, 2);
  EXPECT_EQ(gpu.bytes, 4096u);
}

}  // namespace
}  // namespace flambeau
