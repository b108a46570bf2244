// ModelStreamInfer against a running server.
#include <gmock/gmock.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <thread>

#include "grpc/running_server.h"

namespace flambeau {
namespace {

using grpc::StatusCode;
using inference::ModelInferRequest;
using inference::ModelStreamInferResponse;
using testing::HasSubstr;

class StreamInferTest : public RunningServer {
 protected:
  using Stream = grpc::ClientReaderWriter<ModelInferRequest, ModelStreamInferResponse>;

  StreamInferTest() { Patient(&context_); }

  Stream& Open() {
    stream_ = stub_->ModelStreamInfer(&context_);
    return *stream_;
  }
  bool Ask(const std::string& id, const ModelInferRequest& request = EchoRequest()) {
    ModelInferRequest named = request;
    named.set_id(id);
    return stream_->Write(named);
  }
  ModelStreamInferResponse Read() {
    ModelStreamInferResponse response;
    EXPECT_TRUE(stream_->Read(&response));
    return response;
  }
  void ExpectAnswer(const std::string& id) {
    const ModelStreamInferResponse response = Read();
    EXPECT_EQ(response.error_message(), "");
    EXPECT_EQ(response.infer_response().id(), id);
    ASSERT_EQ(response.infer_response().raw_output_contents_size(), 1);
    EXPECT_EQ(response.infer_response().raw_output_contents(0),
              EchoRequest().raw_input_contents(0));
    EXPECT_TRUE(response.infer_response().parameters().at("triton_final_response").bool_param());
  }
  void ExpectError(const std::string& id, const std::string& says) {
    const ModelStreamInferResponse response = Read();
    EXPECT_THAT(response.error_message(), HasSubstr(says));
    EXPECT_EQ(response.infer_response().id(), id);
    EXPECT_EQ(response.infer_response().outputs_size(), 0);
    EXPECT_TRUE(response.infer_response().parameters().at("triton_final_response").bool_param());
  }
  // What the stream ends with, once nothing more can be read.
  grpc::Status End() {
    ModelStreamInferResponse response;
    EXPECT_FALSE(stream_->Read(&response)) << response.ShortDebugString();
    return stream_->Finish();
  }

  grpc::ClientContext context_;
  std::unique_ptr<Stream> stream_;
};

ModelInferRequest RequestFor(const std::string& model) {
  ModelInferRequest request = EchoRequest();
  request.set_model_name(model);
  return request;
}

TEST_F(StreamInferTest, AnswersEachRequestInOrder) {
  Open();
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Ask("q" + std::to_string(i)));
  stream_->WritesDone();
  for (int i = 0; i < 100; ++i) ExpectAnswer("q" + std::to_string(i));
  const grpc::Status status = End();
  EXPECT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(gate_.in_flight(), 0U);
}

TEST_F(StreamInferTest, AnEmptyStreamEndsWell) {
  Open().WritesDone();
  EXPECT_TRUE(End().ok());
}

TEST_F(StreamInferTest, AnErrorIsOneRequestsOwn) {
  Open();
  ASSERT_TRUE(Ask("a"));
  ASSERT_TRUE(Ask("b", RequestFor("nobody")));
  ModelInferRequest bad = EchoRequest();
  bad.mutable_inputs(0)->set_datatype("nonsense");
  ASSERT_TRUE(Ask("c", bad));
  ASSERT_TRUE(Ask("d", RequestFor("")));
  ASSERT_TRUE(Ask("e"));
  stream_->WritesDone();
  ExpectAnswer("a");
  ExpectError("b", "nobody");
  ExpectError("c", "nonsense");
  ExpectError("d", "model_name is empty");
  ExpectAnswer("e");
  EXPECT_TRUE(End().ok());
}

TEST_F(StreamInferTest, AFailedRunIsOneRequestsOwn) {
  Open();
  scheduler().FailWith(Internal("The model failed."));
  ASSERT_TRUE(Ask("a"));
  ExpectError("a", "The model failed.");
  scheduler().FailWith(OkStatus());
  ASSERT_TRUE(Ask("b"));
  ExpectAnswer("b");
  stream_->WritesDone();
  EXPECT_TRUE(End().ok());
}

TEST_F(StreamInferTest, AMessageThatIsNoRequestIsAnError) {
  Open();
  // Sent raw on a stream of its own: the stub would not let it out.
  grpc::ClientContext context;
  Patient(&context);
  grpc::CompletionQueue queue;
  grpc::TemplatedGenericStub<grpc::ByteBuffer, ModelStreamInferResponse> generic(channel_);
  const auto call =
      generic.PrepareCall(&context, "/inference.GRPCInferenceService/ModelStreamInfer", &queue);
  const auto wait = [&queue] {
    void* tag;
    bool ok = false;
    EXPECT_TRUE(queue.Next(&tag, &ok));
    return ok;
  };
  call->StartCall(nullptr);
  ASSERT_TRUE(wait());
  const grpc::Slice slice("\xff\xff\xff no message");
  call->Write(grpc::ByteBuffer(&slice, 1), nullptr);
  ASSERT_TRUE(wait());
  ModelStreamInferResponse response;
  call->Read(&response, nullptr);
  ASSERT_TRUE(wait());
  EXPECT_THAT(response.error_message(), HasSubstr("not a ModelInferRequest"));
  call->WritesDone(nullptr);
  ASSERT_TRUE(wait());
  grpc::Status status;
  call->Finish(&status, nullptr);
  ASSERT_TRUE(wait());
  EXPECT_TRUE(status.ok());
  stream_->WritesDone();
  EXPECT_TRUE(End().ok());
}

TEST_F(StreamInferTest, TheFirstErrorEndsAStreamThatAskedForIt) {
  context_.AddMetadata("triton_grpc_error", "true");
  Open();
  ASSERT_TRUE(Ask("a"));
  ExpectAnswer("a");
  ASSERT_TRUE(Ask("b", RequestFor("nobody")));
  const grpc::Status status = End();
  EXPECT_EQ(status.error_code(), StatusCode::NOT_FOUND);
  EXPECT_THAT(status.error_message(), HasSubstr("nobody"));
}

TEST_F(StreamInferTest, TakesTheParameterOfDecoupledModels) {
  Open();
  ModelInferRequest request = EchoRequest();
  (*request.mutable_parameters())["triton_enable_empty_final_response"].set_bool_param(true);
  ASSERT_TRUE(Ask("a", request));
  stream_->WritesDone();
  ExpectAnswer("a");  // one answer, and no empty one behind it
  EXPECT_TRUE(End().ok());
  inference::ModelInferResponse unary;
  ASSERT_TRUE(Infer(request, &unary).ok());
  EXPECT_EQ(unary.parameters().count("triton_final_response"), 0U);
}

TEST_F(StreamInferTest, AnEmptyTensorHasItsRawContents) {
  Open();
  ModelInferRequest request = EchoRequest();
  request.mutable_inputs(0)->set_shape(0, 0);
  request.mutable_raw_input_contents(0)->clear();
  ASSERT_TRUE(Ask("a", request));
  stream_->WritesDone();
  const ModelStreamInferResponse response = Read();
  EXPECT_EQ(response.infer_response().outputs_size(), 1);
  ASSERT_EQ(response.infer_response().raw_output_contents_size(), 1);
  EXPECT_EQ(response.infer_response().raw_output_contents(0), "");
  EXPECT_TRUE(End().ok());
}

TEST_F(StreamInferTest, ALargeAnswerIsWhole) {
  Open();
  ModelInferRequest request = EchoRequest();
  request.mutable_inputs(0)->set_shape(1, 1 << 17);
  std::string tensor(4 << 17, '\0');
  for (size_t i = 0; i < tensor.size(); ++i) tensor[i] = static_cast<char>(i * 7 % 120);
  *request.mutable_raw_input_contents(0) = tensor;
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Ask("big", request));
  stream_->WritesDone();
  for (int i = 0; i < 3; ++i) {
    const ModelStreamInferResponse response = Read();
    ASSERT_EQ(response.infer_response().raw_output_contents_size(), 1);
    EXPECT_TRUE(response.infer_response().raw_output_contents(0) == tensor);
  }
  EXPECT_TRUE(End().ok());
}

TEST_F(StreamInferTest, OnlySoManyAreInWorkAtOnce) {
  constexpr int kRequests = 100;
  constexpr size_t kMaxInFlight = 64;
  scheduler().Hold();
  Open();
  auto writer = std::async(std::launch::async, [this] {
    for (int i = 0; i < kRequests; ++i) EXPECT_TRUE(Ask(std::to_string(i)));
    stream_->WritesDone();
  });
  scheduler().AwaitSubmitted(kMaxInFlight);
  EXPECT_EQ(gate_.in_flight(), kMaxInFlight);
  EXPECT_EQ(scheduler().submitted(), kMaxInFlight);
  scheduler().Release();
  for (int i = 0; i < kRequests; ++i) ExpectAnswer(std::to_string(i));
  writer.get();
  EXPECT_TRUE(End().ok());
}

TEST_F(StreamInferTest, AClientThatGoesCancelsItsWork) {
  scheduler().Hold();
  Open();
  ASSERT_TRUE(Ask("a"));
  ASSERT_TRUE(Ask("b"));
  scheduler().AwaitSubmitted(2);
  const CancelTokenPtr cancel = scheduler().held_cancel();
  context_.TryCancel();
  EXPECT_EQ(End().error_code(), StatusCode::CANCELLED);
  const auto give_up = clock_.Now() + std::chrono::seconds(30);
  while (!cancel->cancelled() && clock_.Now() < give_up) std::this_thread::yield();
  EXPECT_TRUE(cancel->cancelled());
  scheduler().Release();  // answers that nobody waits for
  EXPECT_EQ(gate_.in_flight(), 0U);
  EXPECT_TRUE(Infer(EchoRequest()).ok());
}

TEST_F(StreamInferTest, TheStreamsDeadlineIsItsRequests) {
  scheduler().Hold();
  context_.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(500));
  Open();
  ASSERT_TRUE(Ask("a"));
  scheduler().AwaitSubmitted(1);
  EXPECT_LT(scheduler().held_deadline(), clock_.Now() + std::chrono::seconds(1));
  EXPECT_EQ(End().error_code(), StatusCode::DEADLINE_EXCEEDED);
  scheduler().Release();
}

TEST_F(StreamInferTest, ADrainAnswersWhatRunsAndEndsTheStream) {
  scheduler().Hold();
  Open();
  ASSERT_TRUE(Ask("a"));
  scheduler().AwaitSubmitted(1);
  gate_.BeginDrain();
  server_->BeginDrain();
  scheduler().Release();
  ExpectAnswer("a");
  const grpc::Status status = End();
  EXPECT_EQ(status.error_code(), StatusCode::UNAVAILABLE);
  EXPECT_THAT(status.error_message(), HasSubstr("stopping"));
}

TEST_F(StreamInferTest, ADrainEndsIdleStreamsAndThoseThatComeLater) {
  Open();
  ASSERT_TRUE(Ask("a"));
  ExpectAnswer("a");
  server_->BeginDrain();
  EXPECT_EQ(End().error_code(), StatusCode::UNAVAILABLE);
  grpc::ClientContext context;
  Patient(&context);
  const auto late = stub_->ModelStreamInfer(&context);
  ModelStreamInferResponse response;
  EXPECT_FALSE(late->Read(&response));
  EXPECT_EQ(late->Finish().error_code(), StatusCode::UNAVAILABLE);
}

TEST_F(StreamInferTest, StopEndsAStreamWhoseRunNeverEnds) {
  scheduler().Hold();
  Open();
  ASSERT_TRUE(Ask("a"));
  scheduler().AwaitSubmitted(1);
  server_->Stop(clock_.Now() + std::chrono::milliseconds(50));
  EXPECT_FALSE(End().ok());
  scheduler().Release();
}

}  // namespace
}  // namespace flambeau
