#include "serving/trace_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>

namespace flambeau {
namespace {

using ::testing::HasSubstr;

Trace Number(int64_t id, int64_t log_frequency = 0) {
  Trace trace;
  trace.id = id;
  trace.log_frequency = log_frequency;
  trace.model = "m";
  trace.version = 3;
  trace.request_id = "a\"b";
  trace.stamps = {{"REQUEST_START", TimePoint(std::chrono::nanoseconds(5))},
                  {"REQUEST_END", TimePoint(std::chrono::nanoseconds(17))}};
  return trace;
}

std::string TextOf(int64_t id) {
  const std::string number = R"({"id":)" + std::to_string(id);
  return number + R"(,"model_name":"m","model_version":3,"request_id":"a\"b"},)" + "\n" + number +
         R"(,"timestamps":[{"name":"REQUEST_START","ns":5},{"name":"REQUEST_END","ns":17}]})";
}

class TraceFileTest : public ::testing::Test {
 protected:
  TraceFileTest() {
    std::string folder = ::testing::TempDir() + "traces-XXXXXX";
    folder_ = std::filesystem::canonical(mkdtemp(folder.data()));
    options_.path = (folder_ / "traces.json").string();
  }
  ~TraceFileTest() override { std::filesystem::remove_all(folder_); }

  std::string Read(const std::string& name = "traces.json") const {
    std::ifstream file(folder_ / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::unique_ptr<TraceFile> Create() const {
    auto file = TraceFile::Create(options_, log_.get());
    EXPECT_TRUE(file.ok()) << file.status();
    return *std::move(file);
  }

  std::filesystem::path folder_;
  TraceFile::Options options_;
  std::unique_ptr<Log> log_ = Log::Silent();
};

TEST_F(TraceFileTest, WithoutTracesItIsAnEmptyArray) {
  const auto file = Create();
  EXPECT_EQ(Read(), "[]\n");
  EXPECT_EQ(file->name(), "traces.json");
}

TEST_F(TraceFileTest, IsAnArrayAsTritonWritesIt) {
  {
    const auto file = Create();
    file->Write(Number(1));
    file->Write(Number(2));
  }
  EXPECT_EQ(Read(), "[\n" + TextOf(1) + ",\n" + TextOf(2) + "\n]\n");
}

TEST_F(TraceFileTest, ALogFrequencyCountsTheTracesOfAFile) {
  {
    const auto file = Create();
    for (int64_t id = 1; id <= 3; ++id) file->Write(Number(id, 2));
    file->Write(Number(4));
  }
  EXPECT_EQ(Read("traces.json.0"), "[\n" + TextOf(1) + ",\n" + TextOf(2) + "\n]\n");
  EXPECT_EQ(Read("traces.json.1"), "[\n" + TextOf(3) + "\n]\n");
  EXPECT_EQ(Read(), "[\n" + TextOf(4) + "\n]\n");
}

TEST_F(TraceFileTest, WhatFindsNoPlaceIsDroppedAndCounted) {
  options_.max_waiting = 0;
  const auto full = Create();
  full->Write(Number(1));
  EXPECT_EQ(full->dropped(), 1u);
}

TEST_F(TraceFileTest, FilesAndBytesAreBounded) {
  options_.max_files = 1;
  {
    const auto file = Create();
    for (int64_t id = 1; id <= 3; ++id) file->Write(Number(id, 1));
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ / "traces.json.1"));
  options_.max_bytes = 1;
  {
    const auto file = Create();
    for (int64_t id = 1; id <= 3; ++id) file->Write(Number(id));
  }
  EXPECT_EQ(Read(), "[\n" + TextOf(1) + "\n]\n");
}

TEST_F(TraceFileTest, AFileThatCannotBeWrittenIsNamed) {
  options_.path = (folder_ / "nowhere" / "traces.json").string();
  const auto file = TraceFile::Create(options_, log_.get());
  EXPECT_EQ(file.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(Message(file.status())), HasSubstr("nowhere/traces.json' cannot"));
}

}  // namespace
}  // namespace flambeau
