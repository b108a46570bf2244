#include "wire/settings.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace flambeau {
namespace {

struct Padded {
  explicit Padded(const std::string& json) : text(json + std::string(kJsonPadding, '\0')) {}
  PaddedJson json() const { return {std::string_view(text).substr(0, text.size() - kJsonPadding)}; }
  std::string text;
};

TEST(LogSettingsTest, Decodes) {
  const auto log = Log::Silent();
  AdjustableLog adjustable(log.get(), LogLevel::kInfo);
  const auto update = DecodeLogSettings(
      Padded(R"({"log_info": false, "log_verbose_level": 2, "log_file": ""})").json());
  ASSERT_TRUE(update.ok()) << update.status();
  EXPECT_EQ(EncodeLogSettings(adjustable.Update(*update)),
            R"({"log_file":"","log_info":false,"log_warning":true,"log_error":true,)"
            R"("log_verbose_level":2,"log_format":"ISO8601"})");
  EXPECT_TRUE(DecodeLogSettings(Padded("").json()).ok());
  EXPECT_TRUE(DecodeLogSettings(Padded("{}").json()).ok());
  for (const char* body :
       {"[]", "{", "{} x", R"({"log_info": 1})", R"({"log_info": null})",
        R"({"log_verbose_level": 1.5})", R"({"log_verbose_level": "1"})",
        R"({"log_warnings": true})", R"({"log_info": true, "log_info": true})"}) {
    EXPECT_EQ(DecodeLogSettings(Padded(body).json()).status().code(), StatusCode::kInvalidArgument)
        << body;
  }
}

TEST(TraceSettingsTest, Decodes) {
  const auto update = DecodeTraceSettings(
      Padded(R"({"trace_level": ["TIMESTAMPS"], "trace_rate": "5", "trace_count": 7,
                 "log_frequency": null})")
          .json());
  ASSERT_TRUE(update.ok()) << update.status();
  const TraceUpdate expected = {{"trace_level", std::vector<std::string>{"TIMESTAMPS"}},
                                {"trace_rate", std::vector<std::string>{"5"}},
                                {"trace_count", std::vector<std::string>{"7"}},
                                {"log_frequency", std::nullopt}};
  EXPECT_EQ(*update, expected);
  EXPECT_TRUE(DecodeTraceSettings(Padded(" ").json())->empty());
  for (const char* body : {"[]", "{", R"({"trace_rate": true})", R"({"trace_level": [["OFF"]]})",
                           R"({"trace_rate": {"a": 1}})"}) {
    EXPECT_FALSE(DecodeTraceSettings(Padded(body).json()).ok()) << body;
  }
}

TEST(TraceSettingsTest, Encodes) {
  EXPECT_EQ(EncodeTraceSettings({{"trace_level", {"OFF", "TENSORS"}}, {"trace_rate", {"1000"}}}),
            R"({"trace_level":["OFF","TENSORS"],"trace_rate":"1000"})");
}

}  // namespace
}  // namespace flambeau
