#include "app/child_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <string>

namespace flambeau {
namespace {

using ::testing::HasSubstr;

TimePoint In(Duration duration) { return std::chrono::steady_clock::now() + duration; }

// Runs a line of the shell.
ChildEnd Shell(const std::string& script, Duration time = std::chrono::minutes(2),
               const std::string& input = "") {
  ChildCommand command;
  command.program = "/bin/sh";
  command.arguments = {"-c", script};
  command.input = input;
  auto end = RunChild(command, In(time));
  EXPECT_TRUE(end.ok()) << end.status();
  return *std::move(end);
}

TEST(ChildProcessTest, CollectsTheReportAndTheErrors) {
  const ChildEnd end = Shell("echo told >&3; echo dropped; echo wrong >&2; exit 5");
  EXPECT_EQ(end.report, "told\n");
  EXPECT_EQ(end.errors, "wrong\n");
  EXPECT_EQ(end.exit_code, 5);
  EXPECT_EQ(end.signal, 0);
  EXPECT_FALSE(end.timed_out);
}

TEST(ChildProcessTest, GivesItItsInput) {
  const std::string text(200'000, 'x');
  EXPECT_EQ(Shell("cat >&3", std::chrono::minutes(2), text).report, text);
}

TEST(ChildProcessTest, TellsTheSignalThatEndedIt) {
  const ChildEnd end = Shell("echo begun >&3; kill -SEGV $$");
  EXPECT_EQ(end.report, "begun\n");
  EXPECT_EQ(end.signal, SIGSEGV);
}

TEST(ChildProcessTest, EndsOneThatTakesTooLongWithAllThatItStarted) {
  const ChildEnd end = Shell("sleep 1000 & echo $! >&3; wait", std::chrono::milliseconds(300));
  EXPECT_TRUE(end.timed_out);
  EXPECT_EQ(end.signal, SIGKILL);
  const pid_t grandchild = std::stoi(end.report);
  // It is nobody's child now: its end shows once it has been reaped, or as a zombie.
  const std::string state = Shell("while grep -q '^State:.[^ZX]' /proc/" +
                                  std::to_string(grandchild) + "/status 2>/dev/null; do :; done")
                                .report;
  EXPECT_EQ(state, "");
}

TEST(ChildProcessTest, KeepsTheEndOfManyErrors) {
  const ChildEnd end = Shell("i=0; while [ $i -lt 2000 ]; do echo line $i >&2; i=$((i+1)); done");
  EXPECT_LE(end.errors.size(), 4096u);
  EXPECT_THAT(end.errors, HasSubstr("line 1999\n"));
}

TEST(ChildProcessTest, CutsALongReport) {
  ChildCommand command;
  command.program = "/bin/sh";
  command.arguments = {"-c", "head -c 300000 /dev/zero >&3"};
  command.max_report_bytes = 1000;
  EXPECT_EQ(RunChild(command, In(std::chrono::minutes(2)))->report.size(), 1000u);
}

TEST(ChildProcessTest, InheritsNoOtherFileNorBlockedSignals) {
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
  constexpr int kOpen = 50;
  ASSERT_EQ(dup2(STDERR_FILENO, kOpen), kOpen);
  const ChildEnd end = Shell(
      "test -e /proc/self/fd/3 && echo report >&3; test -e /proc/self/fd/50 && echo leaked >&3; "
      "grep SigBlk /proc/self/status >&3");
  close(kOpen);
  pthread_sigmask(SIG_UNBLOCK, &blocked, nullptr);
  EXPECT_EQ(end.report, "report\nSigBlk:\t0000000000000000\n");
}

TEST(ChildProcessTest, AProgramThatIsNotThereIsAnError) {
  ChildCommand command;
  command.program = "/nonexistent/program";
  const auto end = RunChild(command, In(std::chrono::minutes(2)));
  EXPECT_EQ(end.status().code(), StatusCode::kInternal);
}

}  // namespace
}  // namespace flambeau
