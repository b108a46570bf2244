#include "serving/adjustable_log.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace flambeau {
namespace {

constexpr LogLevel kLevels[] = {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kWarning,
                                LogLevel::kError};

class EventLog final : public Log {
 public:
  bool Enabled(LogLevel) const override { return true; }
  void Write(LogLevel, std::string_view event, std::initializer_list<LogField>) override {
    events.emplace_back(event);
  }

  std::vector<std::string> events;
};

std::string Through(const Log& log) {
  std::string through;
  for (const LogLevel level : kLevels) through += log.Enabled(level) ? '1' : '0';
  return through;
}

LogSettings Set(AdjustableLog* log, const std::string& name, const LogSetting& value) {
  LogSettingsUpdate update;
  EXPECT_TRUE(update.Set(name, value).ok());
  return log->Update(update);
}

TEST(AdjustableLogTest, BeginsAtItsLevel) {
  EventLog inner;
  EXPECT_EQ(Through(AdjustableLog(&inner, LogLevel::kDebug)), "1111");
  EXPECT_EQ(Through(AdjustableLog(&inner, LogLevel::kInfo)), "0111");
  EXPECT_EQ(Through(AdjustableLog(&inner, LogLevel::kWarning)), "0011");
  EXPECT_EQ(Through(AdjustableLog(&inner, LogLevel::kError)), "0001");
  EXPECT_EQ(Through(AdjustableLog(&inner, LogLevel::kOff)), "0000");
  EXPECT_EQ(AdjustableLog(&inner, LogLevel::kDebug).settings().verbose_level, 1U);
}

TEST(AdjustableLogTest, EachLevelIsSetByItself) {
  EventLog inner;
  AdjustableLog log(&inner, LogLevel::kInfo);
  EXPECT_FALSE(Set(&log, "log_info", false).info);
  EXPECT_EQ(Through(log), "0011");
  Set(&log, "log_error", false);
  EXPECT_EQ(Through(log), "0010");
  EXPECT_EQ(Set(&log, "log_verbose_level", int64_t{3}).verbose_level, 3U);
  EXPECT_EQ(Through(log), "1010");
  Set(&log, "log_verbose_level", int64_t{0});
  Set(&log, "log_warning", false);
  EXPECT_EQ(Through(log), "0000");
  log.Error("dropped");
  Set(&log, "log_error", true);
  log.Error("kept");
  log.Debug("dropped");
  EXPECT_EQ(inner.events, std::vector<std::string>{"kept"});
}

TEST(AdjustableLogTest, AnUpdateLeavesTheRestAsItIs) {
  EventLog inner;
  AdjustableLog log(&inner, LogLevel::kInfo);
  const LogSettings settings = log.Update({});
  EXPECT_TRUE(settings.info && settings.warning && settings.error);
  EXPECT_EQ(settings.file, "");
  EXPECT_EQ(settings.format, "ISO8601");
  EXPECT_EQ(Through(log), "0111");
}

TEST(AdjustableLogTest, RefusesWhatCannotBeSet) {
  const std::vector<std::pair<std::string, LogSetting>> rows = {
      {"log_info", std::string("true")},
      {"log_info", int64_t{1}},
      {"log_verbose_level", int64_t{-1}},
      {"log_verbose_level", int64_t{1} << 32},
      {"log_verbose_level", true},
      {"log_file", std::string("/tmp/x")},
      {"log_file", true},
      {"log_format", std::string("default")},
      {"log_warnings", true},
      {"", true}};
  for (const auto& [name, value] : rows) {
    LogSettingsUpdate update;
    EXPECT_EQ(update.Set(name, value).code(), StatusCode::kInvalidArgument) << name;
  }
  LogSettingsUpdate update;
  EXPECT_TRUE(update.Set("log_file", std::string()).ok());  // as it is
  EXPECT_TRUE(update.Set("log_format", std::string("ISO8601")).ok());
}

}  // namespace
}  // namespace flambeau
