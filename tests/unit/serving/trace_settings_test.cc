#include "serving/trace_settings.h"

#include <gtest/gtest.h>

namespace flambeau {
namespace {

using Values = std::vector<std::string>;

class TraceSettingsTest : public ::testing::Test {
 protected:
  std::string Rate(std::string_view model) { return settings_.Get(model).at("trace_rate").at(0); }
  bool Update(std::string_view model, const TraceUpdate& update) {
    return settings_.Update(model, update).ok();
  }

  std::unique_ptr<Log> log_ = Log::Silent();
  TraceSettings settings_{log_.get()};
};

TEST_F(TraceSettingsTest, HasTritonsDefaults) {
  const TraceValues expected = {{"trace_file", {""}},     {"trace_level", {"OFF"}},
                                {"trace_rate", {"1000"}}, {"trace_count", {"-1"}},
                                {"log_frequency", {"0"}}, {"trace_mode", {"triton"}}};
  EXPECT_EQ(settings_.Get(""), expected);
  EXPECT_EQ(settings_.Get("m"), expected);
}

TEST_F(TraceSettingsTest, AModelsOwnBeatAllModels) {
  EXPECT_TRUE(Update("", {{"trace_rate", Values{"5"}}}));
  EXPECT_EQ(Rate("m"), "5");
  EXPECT_TRUE(Update("m", {{"trace_rate", Values{"7"}}}));
  EXPECT_EQ(Rate("m"), "7");
  EXPECT_EQ(Rate("other"), "5");
  EXPECT_EQ(Rate(""), "5");
  EXPECT_TRUE(Update("m", {{"trace_rate", std::nullopt}}));
  EXPECT_EQ(Rate("m"), "5");
  EXPECT_TRUE(Update("", {{"trace_rate", std::nullopt}}));
  EXPECT_EQ(Rate("m"), "1000");
}

TEST_F(TraceSettingsTest, AnUpdateReturnsWhatCounts) {
  const auto values = settings_.Update("m", {{"trace_level", Values{"TIMESTAMPS", "TENSORS"}}});
  ASSERT_TRUE(values.ok());
  EXPECT_EQ(values->at("trace_level"), (Values{"TIMESTAMPS", "TENSORS"}));
  EXPECT_EQ(values->size(), 6U);
  EXPECT_EQ(settings_.Get("").at("trace_level"), Values{"OFF"});
}

TEST_F(TraceSettingsTest, ABadValueChangesNothing) {
  const std::vector<TraceUpdate> updates = {
      {{"trace_level", Values{}}},        {{"trace_level", Values{"LOUD"}}},
      {{"trace_rate", Values{"0"}}},      {{"trace_rate", Values{"x"}}},
      {{"trace_rate", Values{"1", "2"}}}, {{"trace_count", Values{"-2"}}},
      {{"log_frequency", Values{"-1"}}},  {{"log_frequency", Values{"99999999999"}}},
      {{"trace_file", Values{"/tmp/x"}}}, {{"trace_mode", Values{"opentelemetry"}}},
      {{"trace_rates", Values{"1"}}},     {{"nothing", std::nullopt}},
  };
  for (TraceUpdate update : updates) {
    update["log_frequency"].emplace(update.count("log_frequency") != 0 && update["log_frequency"]
                                        ? *update["log_frequency"]
                                        : Values{"9"});
    const auto result = settings_.Update("", update);
    ASSERT_FALSE(result.ok()) << update.begin()->first;
    EXPECT_EQ(result.status().code(), StatusCode::kInvalidArgument);
    EXPECT_EQ(settings_.Get("").at("log_frequency"), Values{"0"});
  }
}

class TraceSamplingTest : public TraceSettingsTest {
 protected:
  // The ids of the traces among so many requests of `model`.
  std::vector<int64_t> Ids(const std::string& model, int requests) {
    std::vector<int64_t> ids;
    for (int i = 0; i < requests; ++i) {
      if (const auto sample = tracing_.Sample(model)) ids.push_back(sample->id);
    }
    return ids;
  }
  void Set(std::string_view model, const TraceUpdate& update) {
    EXPECT_TRUE(tracing_.Update(model, update).ok());
  }

  TraceSettings tracing_{log_.get(), "traces.json"};
};

TEST_F(TraceSamplingTest, TheFileIsShownAndCannotBeChosen) {
  EXPECT_EQ(tracing_.Get("").at("trace_file"), Values{"traces.json"});
  EXPECT_TRUE(tracing_.Update("", {{"trace_file", Values{"traces.json"}}}).ok());
  EXPECT_FALSE(tracing_.Update("", {{"trace_file", Values{"/tmp/x"}}}).ok());
}

TEST_F(TraceSamplingTest, IsOffUntilWanted) {
  EXPECT_FALSE(tracing_.on());
  Set("m", {{"trace_level", Values{"TIMESTAMPS"}}, {"trace_rate", Values{"1"}}});
  EXPECT_TRUE(tracing_.on());
  EXPECT_EQ(Ids("other", 3), std::vector<int64_t>{});
  EXPECT_EQ(Ids("m", 2), (std::vector<int64_t>{1, 2}));
  Set("m", {{"trace_level", std::nullopt}});
  EXPECT_FALSE(tracing_.on());
}

TEST_F(TraceSamplingTest, WithoutAFileNothingIsTraced) {
  EXPECT_TRUE(Update("", {{"trace_level", Values{"TIMESTAMPS"}}}));
  EXPECT_FALSE(settings_.on());
}

TEST_F(TraceSamplingTest, RateAndCountChoose) {
  Set("", {{"trace_level", Values{"TIMESTAMPS"}},
           {"trace_rate", Values{"3"}},
           {"trace_count", Values{"2"}}});
  EXPECT_EQ(Ids("m", 2), std::vector<int64_t>{});
  EXPECT_EQ(Ids("m", 1), std::vector<int64_t>{1});
  EXPECT_EQ(tracing_.Get("").at("trace_count"), Values{"1"}) << "what is left";
  EXPECT_EQ(Ids("m", 30), std::vector<int64_t>{2});
  EXPECT_EQ(tracing_.Get("").at("trace_count"), Values{"0"});
  EXPECT_FALSE(tracing_.on());
}

TEST_F(TraceSamplingTest, AModelsOwnSettingsCountForThemselves) {
  Set("", {{"trace_level", Values{"TIMESTAMPS"}}, {"trace_rate", Values{"1"}}});
  Set("m", {{"trace_count", Values{"1"}}, {"log_frequency", Values{"5"}}});
  const auto first = tracing_.Sample("m");
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->log_frequency, 5);
  EXPECT_EQ(Ids("m", 3), std::vector<int64_t>{});
  EXPECT_EQ(Ids("other", 1), std::vector<int64_t>{2});
  Set("", {{"trace_level", Values{"OFF"}}});
  Set("m", {{"trace_count", Values{"1"}}});
  EXPECT_FALSE(tracing_.on()) << "the level is all models'";
}

}  // namespace
}  // namespace flambeau
