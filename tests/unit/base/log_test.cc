#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flambeau {
namespace {

using ::testing::EndsWith;
using ::testing::MatchesRegex;

template <typename Write>
std::string Written(LogLevel level, LogFormat format, Write write) {
  testing::internal::CaptureStderr();
  {
    const std::unique_ptr<Log> log = Log::Create(level, format);
    write(*log);
  }
  return testing::internal::GetCapturedStderr();
}

TEST(LogTest, WritesEventAndFieldsAsText) {
  const std::string line = Written(LogLevel::kInfo, LogFormat::kText, [](Log& log) {
    log.Info("model ready", {{"model", "digits"}, {"ms", 12}, {"share", 0.25}, {"warm", true}});
  });
  EXPECT_THAT(line, MatchesRegex("[0-9-]+T[0-9:.]+Z info model ready model=digits ms=12 "
                                 "share=0.25 warm=true\n"));
}

TEST(LogTest, QuotesTextThatCouldBeMistakenForTheNextField) {
  const std::string line = Written(LogLevel::kInfo, LogFormat::kText, [](Log& log) {
    log.Info("refused", {{"a", "x y"}, {"b", ""}, {"c", "p=q"}, {"d", "say \"hi\""}});
  });
  EXPECT_THAT(line, EndsWith(R"(refused a="x y" b="" c="p=q" d="say \"hi\"")"
                             "\n"));
}

TEST(LogTest, ForgesNoSecondLine) {
  const std::string line = Written(LogLevel::kInfo, LogFormat::kText, [](Log& log) {
    log.Info("request", {{"id", "a\nb\r\tc\x01\x7f"}});
  });
  EXPECT_THAT(line, EndsWith(R"(request id="a\nb\r\tc\u0001\u007f")"
                             "\n"));
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
}

TEST(LogTest, WritesUtf8WhateverItIsGiven) {
  const std::string line = Written(LogLevel::kInfo, LogFormat::kText, [](Log& log) {
    log.Info("read",
             {{"a", "\xc3\xa9\xf0\x9f\x94\xa5"}, {"b", "\x8c!\xc3"}, {"c", "\xed\xa0\x80"}});
  });
  const std::string foreign = "\xef\xbf\xbd";
  EXPECT_THAT(line, EndsWith("read a=\xc3\xa9\xf0\x9f\x94\xa5 b=" + foreign + "!" + foreign +
                             " c=" + foreign + foreign + foreign + "\n"));
}

TEST(LogTest, WritesOneJsonObjectPerLine) {
  const std::string line = Written(LogLevel::kInfo, LogFormat::kJson, [](Log& log) {
    log.Warning("slow \"run\"", {{"model", "a\\b"}, {"ms", int64_t{-3}}, {"cold", false}});
  });
  EXPECT_THAT(line,
              MatchesRegex(R"(\{"time":"[0-9-]+T[0-9:.]+Z","level":"warning",)"
                           R"("event":"slow \\"run\\"","model":"a\\\\b","ms":-3,"cold":false\})"
                           "\n"));
}

TEST(LogTest, LeavesOutWhatIsBelowItsLevel) {
  const std::string lines = Written(LogLevel::kWarning, LogFormat::kText, [](Log& log) {
    EXPECT_FALSE(log.Enabled(LogLevel::kInfo));
    EXPECT_TRUE(log.Enabled(LogLevel::kError));
    log.Debug("one");
    log.Info("two");
    log.Error("three");
  });
  EXPECT_THAT(lines, MatchesRegex("[^\n]* error three\n"));
}

TEST(LogTest, OffAndSilentWriteNothing) {
  EXPECT_EQ(Written(LogLevel::kOff, LogFormat::kText, [](Log& log) { log.Error("x"); }), "");
  testing::internal::CaptureStderr();
  Log::Silent()->Error("x");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace flambeau
