#include "app/child_inspector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "repository/temp_directory.h"
#include "wire/inspection_json.h"

namespace flambeau {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// Shell scripts stand in for the program that tries models out.
class ChildInspectorTest : public ::testing::Test {
 protected:
  ChildInspectorTest() {
    request_.name = "m";
    request_.file = place_.Write("m.pt", "weights");
  }

  std::unique_ptr<ChildInspector> Create(const std::string& script) {
    ChildInspector::Options options;
    options.program = place_.Write("program", "#!/bin/sh\n" + script + "\n");
    std::filesystem::permissions(options.program, std::filesystem::perms::owner_all);
    options.timeout = timeout_;
    if (cached_) {
      options.cache = *InspectionCache::Create({place_ / "cache/inspections", "build"});
    }
    return std::make_unique<ChildInspector>(std::move(options), log_.get());
  }
  Result<Inspection> Inspect(const std::string& script) {
    return Create(script)->Inspect(request_);
  }
  std::string Refusal(const std::string& script) {
    const Status status = Inspect(script).status();
    EXPECT_EQ(status.code(), StatusCode::kInvalidArgument);
    return std::string(Message(status));
  }
  // The arguments of the child and its input.
  std::string ToldToTheChild() {
    const std::string file = place_ / "told";
    EXPECT_FALSE(Inspect("echo $@ >" + file + "; cat >>" + file).ok()) << "it told nothing";
    std::ifstream stream(file);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  // Tells that it found this note.
  static std::string Telling(const std::string& note) {
    Inspection inspection;
    inspection.notes = {note};
    return "echo 'inspection " + EncodeInspection(inspection) + "' >&3";
  }
  std::string NoteFrom(const std::string& script) {
    const auto inspection = Inspect(script);
    return inspection.ok() ? inspection->notes.at(0) : std::string(Message(inspection.status()));
  }

  TempDirectory place_;
  InspectionRequest request_;
  Duration timeout_ = std::chrono::minutes(2);
  bool cached_ = false;
  std::unique_ptr<Log> log_ = Log::Silent();
};

TEST_F(ChildInspectorTest, HandsOnWhatTheChildTells) {
  EXPECT_EQ(NoteFrom(Telling("seen")), "seen");
  EXPECT_EQ(NoteFrom(Telling("seen") + "; kill -SEGV $$"), "seen") << "after its last word";
  const auto refused = Inspect("echo 'error 8 There is no memory.' >&3; exit 3");
  EXPECT_EQ(refused.status(), ResourceExhausted("There is no memory."));
}

TEST_F(ChildInspectorTest, TellsTheChildWhatTheServerWouldDo) {
  request_.scheduler.max_batch_size = 7;
  ModelConfig config;
  config.name = "m";
  config.max_batch_size = 5;
  config.warmup.resize(1);
  request_.config = std::make_shared<const ModelConfig>(config);
  const std::string text = ToldToTheChild();
  EXPECT_THAT(text, AllOf(HasSubstr("inspect --for-server --device cpu --max-batch-size 7"),
                          HasSubstr("-- " + request_.file), HasSubstr(R"("max_batch_size":5)")));
}

TEST_F(ChildInspectorTest, WhatWasSaidIsNotLeftToATuning) {
  request_.scheduler.instances = 2;
  request_.scheduler.intra_op_threads = 3;
  EXPECT_THAT(ToldToTheChild(), AllOf(HasSubstr("--threads 3"), Not(HasSubstr("--tune"))));
  request_.tuning = {true, true, true, 6};
  EXPECT_THAT(ToldToTheChild(), HasSubstr("--tune --instances 0 --threads 0"));
  request_.tuning.instances = false;
  EXPECT_THAT(ToldToTheChild(), HasSubstr("--tune --instances 2 --threads 0"));
}

TEST_F(ChildInspectorTest, TheChildGetsTheManifestBehindANul) {
  request_.manifest = R"({"description": "a test's"})";
  const std::string file = place_ / "input";
  EXPECT_FALSE(Inspect("cat >" + file).ok()) << "it told nothing";
  std::ifstream stream(file);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  EXPECT_EQ(text, std::string(1, '\0') + request_.manifest);
}

TEST_F(ChildInspectorTest, AndBehindAnotherWhatRequestsHaveTold) {
  request_.seen = {{SeenTensor{DType::kFp32, {-1, 3}}}};
  request_.again = true;
  const std::string file = place_ / "input";
  EXPECT_FALSE(Inspect("cat >" + file).ok()) << "it told nothing";
  std::ifstream stream(file);
  const std::string text{std::istreambuf_iterator<char>(stream), {}};
  EXPECT_EQ(text, std::string(2, '\0') + R"([[{"datatype":"FP32","shape":[-1,3]}]])");
}

TEST_F(ChildInspectorTest, ACrashIsARefusalThatTellsWhere) {
  EXPECT_EQ(Refusal("echo \"step its method 'forward' ran\" >&3; kill -SEGV $$"),
            "The check of the model ended by SIGSEGV while its method 'forward' ran: in the server "
            "it would have ended all models.");
  EXPECT_THAT(Refusal("exit 9"), HasSubstr("ended by exit code 9:"));
}

TEST_F(ChildInspectorTest, OneThatDoesNotEndIsRefused) {
  timeout_ = std::chrono::milliseconds(300);
  EXPECT_EQ(Refusal("echo 'step it was loaded' >&3; while :; do :; done"),
            "The check of the model did not end within 1 s while it was loaded: make it end, or "
            "give it longer with --check-timeout.");
}

TEST_F(ChildInspectorTest, WhatIsKnownNeedsNoChild) {
  cached_ = true;
  EXPECT_EQ(NoteFrom(Telling("first")), "first");
  EXPECT_EQ(NoteFrom("exit 9"), "first");
  place_.Write("m.pt", "other weights");
  EXPECT_EQ(NoteFrom(Telling("second")), "second");
}

// What it advises has to load first.
TEST_F(ChildInspectorTest, AnotherCheckIsMadeAnewAndNotKept) {
  cached_ = true;
  EXPECT_EQ(NoteFrom(Telling("first")), "first");
  request_.again = true;
  EXPECT_EQ(NoteFrom(Telling("again")), "again");
  request_.again = false;
  EXPECT_EQ(NoteFrom("exit 9"), "first");
}

TEST_F(ChildInspectorTest, AnotherCheckHasTenTimesAsLong) {
  timeout_ = std::chrono::milliseconds(200);
  request_.again = true;
  EXPECT_THAT(Refusal("while :; do :; done"), HasSubstr("did not end within 2 s"));
  request_.tuning = {true, true, true, 1};
  EXPECT_THAT(Refusal("while :; do :; done"), HasSubstr("did not end within 1 s"));
}

TEST_F(ChildInspectorTest, WhatTheServerFindsOutIsKeptToo) {
  Inspection inspection;
  inspection.notes = {"found out"};
  const FileStamp stamp = StampOf(request_.file);
  Create("exit 9")->Remember(request_, stamp, inspection);
  EXPECT_THAT(Refusal("exit 9"), HasSubstr("exit code 9")) << "there is no cache";
  cached_ = true;
  Create("exit 9")->Remember(request_, FileStamp{}, inspection);
  EXPECT_THAT(Refusal("exit 9"), HasSubstr("exit code 9")) << "it was another file";
  Create("exit 9")->Remember(request_, stamp, inspection);
  EXPECT_EQ(NoteFrom("exit 9"), "found out");
}

TEST_F(ChildInspectorTest, AFailureIsNotKept) {
  cached_ = true;
  EXPECT_THAT(Refusal("exit 9"), HasSubstr("exit code 9"));
  EXPECT_EQ(NoteFrom(Telling("now")), "now");
}

TEST_F(ChildInspectorTest, AFileThatChangedMeanwhileIsNotKept) {
  cached_ = true;
  EXPECT_EQ(NoteFrom("echo changed >" + request_.file + "; " + Telling("of which?")), "of which?");
  place_.Write("m.pt", "weights");
  EXPECT_EQ(NoteFrom(Telling("now")), "now");
}

}  // namespace
}  // namespace flambeau
