// How answers that are made at the same time, elsewhere, get to their clients.
#include <gtest/gtest.h>

#include <future>
#include <string>
#include <vector>

#include "base/wake_scope.h"
#include "grpc/running_server.h"
#include "grpc/tcp_pair.h"

namespace flambeau {
namespace {

constexpr int kCalls = 8;

class AnswersTogetherTest : public RunningServer {
 protected:
  // The server's end of the only connection to it; both ends are this process's.
  int ServerSocket() const {
    for (int fd = 0; fd < 1024; ++fd) {
      sockaddr_in peer{};
      socklen_t length = sizeof(peer);
      if (getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &length) != 0) continue;
      if (ntohs(LocalAddress(fd).sin_port) == server_->port()) return fd;
    }
    return -1;
  }
  static std::string Elements(int call) { return std::string(8, static_cast<char>('a' + call)); }
  static inference::ModelInferRequest Request(int call) {
    inference::ModelInferRequest request = EchoRequest();
    request.set_raw_input_contents(0, Elements(call));
    return request;
  }
};

TEST_F(AnswersTogetherTest, LeaveInOneSegmentForAConnection) {
  scheduler().Hold();
  std::vector<std::future<std::string>> answers;
  answers.reserve(kCalls);
  for (int i = 0; i < kCalls; ++i) {
    answers.push_back(std::async(std::launch::async, [this, i] {
      inference::ModelInferResponse response;
      const grpc::Status status = Infer(Request(i), &response);
      return status.ok() ? response.raw_output_contents(0) : status.error_message();
    }));
  }
  scheduler().AwaitSubmitted(kCalls);
  const int socket = ServerSocket();
  ASSERT_GE(socket, 0);
  const uint32_t before = SegmentsSent(socket);
  {
    const WakeScope wakes;  // as a worker has for a batch
    scheduler().Release();
  }
  for (int i = 0; i < kCalls; ++i) EXPECT_EQ(answers[i].get(), Elements(i));
  // One, and what the protocol has to say; each by itself would make eight at least.
  EXPECT_LE(SegmentsSent(socket) - before, kCalls / 2U);
}

TEST_F(AnswersTogetherTest, OfAStreamComeInItsOrder) {
  scheduler().Hold();
  grpc::ClientContext context;
  Patient(&context);
  const auto stream = stub_->ModelStreamInfer(&context);
  for (int i = 0; i < kCalls; ++i) ASSERT_TRUE(stream->Write(Request(i)));
  scheduler().AwaitSubmitted(kCalls);
  scheduler().Release();
  inference::ModelStreamInferResponse response;
  for (int i = 0; i < kCalls; ++i) {
    ASSERT_TRUE(stream->Read(&response));
    EXPECT_EQ(response.infer_response().raw_output_contents(0), Elements(i));
  }
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

// While its server is asked to stop: the queue ends only once it has been woken.
TEST_F(AnswersTogetherTest, AreAllSentBeforeTheServerGoes) {
  scheduler().Hold();
  std::vector<std::future<grpc::Status>> answers;
  answers.reserve(kCalls);
  for (int i = 0; i < kCalls; ++i) {
    answers.push_back(std::async(std::launch::async, [this, i] { return Infer(Request(i)); }));
  }
  scheduler().AwaitSubmitted(kCalls);
  auto stopped = std::async(std::launch::async,
                            [this] { server_->Stop(clock_.Now() + std::chrono::seconds(60)); });
  {
    const WakeScope wakes;
    scheduler().Release();
  }
  for (auto& answer : answers) EXPECT_TRUE(answer.get().ok());
  stopped.get();
}

}  // namespace
}  // namespace flambeau
