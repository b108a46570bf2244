#include "app/child_report.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>

namespace flambeau {
namespace {

// What a writer writes, read back as text.
class ChildReportTest : public ::testing::Test {
 protected:
  ~ChildReportTest() override {
    close(ends_[0]);
    close(ends_[1]);
  }

  std::string Written() const {
    std::array<char, 4096> buffer{};
    const ssize_t size = read(ends_[0], buffer.data(), buffer.size());
    return {buffer.data(), static_cast<size_t>(std::max<ssize_t>(size, 0))};
  }

  static std::array<int, 2> MakePipe() {
    std::array<int, 2> ends{};
    EXPECT_EQ(pipe(ends.data()), 0);
    return ends;
  }

  const std::array<int, 2> ends_ = MakePipe();
  ReportWriter writer_{ends_[1]};
};

TEST_F(ChildReportTest, TellsTheLastStepAndTheInspection) {
  Inspection inspection;
  inspection.notes = {"a note"};
  writer_.Step("it was loaded");
  writer_.Step("it ran in batches");
  writer_.End(inspection);
  const Report report = ReadReport(Written());
  EXPECT_EQ(report.step, "it ran in batches");
  ASSERT_TRUE(report.end);
  ASSERT_TRUE(report.end->ok());
  EXPECT_EQ((*report.end)->notes, inspection.notes);
}

TEST_F(ChildReportTest, AnErrorKeepsItsCodeAndIsOneLine) {
  writer_.End(ResourceExhausted("There is no\nmemory."));
  const Report report = ReadReport(Written());
  ASSERT_TRUE(report.end);
  EXPECT_EQ(report.end->status(), ResourceExhausted("There is no memory."));
}

TEST_F(ChildReportTest, WithoutItsLastLineThereIsNoEnd) {
  writer_.Step("it was loaded");
  writer_.End(Inspection{});
  std::string text = Written();
  text.pop_back();
  const Report report = ReadReport(text);
  EXPECT_EQ(report.step, "it was loaded");
  EXPECT_FALSE(report.end);
}

TEST_F(ChildReportTest, NoiseIsNoReport) {
  EXPECT_FALSE(ReadReport("").end);
  EXPECT_FALSE(ReadReport("hello\n\nworld\n").end);
  EXPECT_EQ(ReadReport("error x\n").end->status().code(), StatusCode::kInternal);
  EXPECT_EQ(ReadReport("error 0 none\n").end->status().code(), StatusCode::kInternal);
  EXPECT_FALSE(ReadReport("inspection {}\n").end->ok());
}

}  // namespace
}  // namespace flambeau
