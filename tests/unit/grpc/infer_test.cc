// ModelInfer against a running server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <set>
#include <string>
#include <vector>

#include "grpc/running_server.h"

namespace flambeau {
namespace {

using grpc::StatusCode;
using inference::ModelInferRequest;
using inference::ModelInferResponse;
using testing::ElementsAre;
using testing::HasSubstr;

class InferTest : public RunningServer {
 protected:
  void ExpectRefused(const ModelInferRequest& request, StatusCode code, const std::string& says) {
    const grpc::Status status = Infer(request);
    EXPECT_EQ(status.error_code(), code) << status.error_message();
    EXPECT_THAT(status.error_message(), HasSubstr(says));
    EXPECT_EQ(status.error_message().find('\n'), std::string::npos);
    const grpc::Status good = Infer(EchoRequest());
    EXPECT_TRUE(good.ok()) << good.error_message();  // it still serves
  }
};

TEST_F(InferTest, AnswersWithRawContents) {
  ModelInferRequest request = EchoRequest();
  request.set_id("q1");
  ModelInferResponse response;
  const grpc::Status status = Infer(request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.model_name(), "echo");
  EXPECT_EQ(response.model_version(), "1");
  EXPECT_EQ(response.id(), "q1");
  ASSERT_EQ(response.outputs_size(), 1);
  EXPECT_EQ(response.outputs(0).name(), "output");
  EXPECT_EQ(response.outputs(0).datatype(), "FP32");
  EXPECT_THAT(response.outputs(0).shape(), ElementsAre(1, 2));
  ASSERT_EQ(response.raw_output_contents_size(), 1);
  EXPECT_EQ(response.raw_output_contents(0), request.raw_input_contents(0));
}

TEST_F(InferTest, EveryDatatypeComesBackAsItWasSent) {
  for (const auto& [datatype, size] : std::vector<std::pair<std::string, int>>{{"BOOL", 1},
                                                                               {"UINT8", 1},
                                                                               {"UINT16", 2},
                                                                               {"UINT32", 4},
                                                                               {"UINT64", 8},
                                                                               {"INT8", 1},
                                                                               {"INT16", 2},
                                                                               {"INT32", 4},
                                                                               {"INT64", 8},
                                                                               {"FP16", 2},
                                                                               {"BF16", 2},
                                                                               {"FP32", 4},
                                                                               {"FP64", 8}}) {
    ModelInferRequest request = EchoRequest();
    request.mutable_inputs(0)->set_datatype(datatype);
    *request.mutable_raw_input_contents(0) = std::string(2 * size, '\1');
    ModelInferResponse response;
    const grpc::Status status = Infer(request, &response);
    ASSERT_TRUE(status.ok()) << datatype << ": " << status.error_message();
    EXPECT_EQ(response.outputs(0).datatype(), datatype);
    EXPECT_EQ(response.raw_output_contents(0), request.raw_input_contents(0)) << datatype;
  }
}

TEST_F(InferTest, TypedContentsGetTheSameAnswerAsRaw) {
  ModelInferRequest request = EchoRequest();
  request.clear_raw_input_contents();
  for (const float element : {0.5F, -2.0F}) {
    request.mutable_inputs(0)->mutable_contents()->add_fp32_contents(element);
  }
  ModelInferResponse response;
  const grpc::Status status = Infer(request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.raw_output_contents(0), EchoRequest().raw_input_contents(0));
  EXPECT_FALSE(response.outputs(0).has_contents());
}

TEST_F(InferTest, SeveralInputsAndSelectedOutputs) {
  ModelInferRequest request;
  request.set_model_name("pair");
  for (const auto* name : {"INPUT__1", "a"}) {
    auto* input = request.add_inputs();
    input->set_name(name);
    input->set_datatype("FP32");
    input->add_shape(1);
    input->add_shape(2);
    request.add_raw_input_contents(std::string(8, name[0] == 'a' ? 'a' : 'b'));
  }
  request.add_outputs()->set_name("result[1]");
  ModelInferResponse response;
  const grpc::Status status = Infer(request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  ASSERT_EQ(response.outputs_size(), 1);
  EXPECT_EQ(response.outputs(0).name(), "result[1]");
  EXPECT_EQ(response.raw_output_contents(0), std::string(8, 'b'));
}

TEST_F(InferTest, RefusesWhatItCannotFind) {
  ModelInferRequest request = EchoRequest();
  request.set_model_name("nothing");
  ExpectRefused(request, StatusCode::NOT_FOUND, "nothing");
  request.set_model_name("loading");
  ExpectRefused(request, StatusCode::UNAVAILABLE, "loading");
  request.set_model_name("../x");
  ExpectRefused(request, StatusCode::INVALID_ARGUMENT, "../x");
  request.set_model_name("");
  ExpectRefused(request, StatusCode::INVALID_ARGUMENT, "model_name is empty");
  request = EchoRequest();
  request.set_model_version("9");
  ExpectRefused(request, StatusCode::NOT_FOUND, "echo");
  request.set_model_version("latest");
  ExpectRefused(request, StatusCode::INVALID_ARGUMENT, "latest");
  ExpectRefused({}, StatusCode::INVALID_ARGUMENT, "model_name is empty");
}

TEST_F(InferTest, RefusesWhatDoesNotFitTheSignature) {
  ModelInferRequest request = EchoRequest();
  request.set_model_name("pair");
  request.mutable_inputs(0)->set_name("a");
  ExpectRefused(request, StatusCode::INVALID_ARGUMENT, "b");  // missing
  request = EchoRequest();
  *request.add_inputs() = request.inputs(0);
  *request.add_raw_input_contents() = request.raw_input_contents(0);
  ExpectRefused(request, StatusCode::INVALID_ARGUMENT, "x");  // twice
  request.mutable_inputs(1)->set_name("other");
  ExpectRefused(request, StatusCode::INVALID_ARGUMENT, "other");
  request = EchoRequest();
  request.add_outputs()->set_name("logits");
  ExpectRefused(request, StatusCode::INVALID_ARGUMENT, "logits");
  request.mutable_outputs(0)->set_name("output");
  request.add_outputs()->set_name("output");
  ExpectRefused(request, StatusCode::INVALID_ARGUMENT, "output");
}

TEST_F(InferTest, RefusesBadContents) {
  ModelInferRequest request = EchoRequest();
  request.mutable_raw_input_contents(0)->pop_back();
  ExpectRefused(request, StatusCode::INVALID_ARGUMENT, "7 bytes");
  request = EchoRequest();
  request.clear_raw_input_contents();
  ExpectRefused(request, StatusCode::INVALID_ARGUMENT, "0 elements");
  request = EchoRequest();
  request.mutable_inputs(0)->set_shape(0, -1);
  ExpectRefused(request, StatusCode::INVALID_ARGUMENT, "-1");
  request = EchoRequest();
  auto& parameters = *request.mutable_inputs(0)->mutable_parameters();
  parameters["shared_memory_region"].set_string_param("r");
  parameters["shared_memory_byte_size"].set_int64_param(8);
  request.clear_raw_input_contents();
  ExpectRefused(request, StatusCode::UNIMPLEMENTED, "--allow-shared-memory");
}

TEST_F(InferTest, TellsTheModelsOwnError) {
  scheduler().FailWith(InvalidArgument("index 50 is out of range"));
  EXPECT_EQ(Infer(EchoRequest()).error_message(), "Index 50 is out of range.");
  scheduler().FailWith(ResourceExhausted("no memory"));
  EXPECT_EQ(Infer(EchoRequest()).error_code(), StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(InferTest, AFullQueueIsRefusedBeforeDecoding) {
  scheduler().set_full(true);
  ModelInferRequest request = EchoRequest();
  request.mutable_inputs(0)->set_datatype("nonsense");
  EXPECT_EQ(Infer(request).error_code(), StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(scheduler().submitted(), 0U);
}

TEST_F(InferTest, EchoesTheRequestId) {
  for (const bool good : {true, false}) {
    grpc::ClientContext context;
    Patient(&context);
    context.AddMetadata("x-request-id", good ? "my-id.1" : "bad id");
    ModelInferResponse response;
    ASSERT_TRUE(stub_->ModelInfer(&context, EchoRequest(), &response).ok());
    const auto& metadata = context.GetServerInitialMetadata();
    const auto id = metadata.find("x-request-id");
    ASSERT_NE(id, metadata.end());
    const std::string text(id->second.data(), id->second.size());
    EXPECT_EQ(text == "my-id.1", good);
    EXPECT_THAT(text, testing::MatchesRegex("[-A-Za-z0-9._]+"));
  }
}

TEST_F(InferTest, AnswersManyCallsAtOnce) {
  constexpr int kCalls = 64;
  scheduler().Hold();
  std::vector<std::future<std::string>> answers;
  answers.reserve(kCalls);
  for (int i = 0; i < kCalls; ++i) {
    answers.push_back(std::async(std::launch::async, [this, i] {
      ModelInferRequest request = EchoRequest();
      request.set_id(std::to_string(i));
      ModelInferResponse response;
      const grpc::Status status = Infer(request, &response);
      return status.ok() ? response.id() : status.error_message();
    }));
  }
  scheduler().AwaitSubmitted(kCalls);  // no call blocked the threads that take them
  scheduler().Release();
  for (int i = 0; i < kCalls; ++i) EXPECT_EQ(answers[i].get(), std::to_string(i));
}

// ---- Deadlines, cancellation, limits

TEST_F(InferTest, ADeadlineReachesTheQueueAndEndsTheCall) {
  scheduler().Hold();
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(300));
  ModelInferResponse response;
  const grpc::Status status = stub_->ModelInfer(&context, EchoRequest(), &response);
  EXPECT_EQ(status.error_code(), StatusCode::DEADLINE_EXCEEDED);
  scheduler().AwaitSubmitted(1);
  EXPECT_LT(scheduler().held_deadline(), clock_.Now() + std::chrono::seconds(1));
  scheduler().Release();  // the answer nobody waits for
  EXPECT_TRUE(Infer(EchoRequest()).ok());
}

TEST_F(InferTest, TheTimeoutParameterTightensTheDeadline) {
  scheduler().Hold();
  auto answer = std::async(std::launch::async, [this] {
    ModelInferRequest request = EchoRequest();
    (*request.mutable_parameters())["timeout"].set_int64_param(1'000'000);
    return Infer(request);
  });
  scheduler().AwaitSubmitted(1);
  EXPECT_LT(scheduler().held_deadline(), clock_.Now() + std::chrono::seconds(2));
  scheduler().Release();
  EXPECT_TRUE(answer.get().ok());
}

TEST_F(InferTest, TheTimeoutParameterIsTheQueuePolicysWhereThereIsOne) {
  scheduler().Hold();
  auto answer = std::async(std::launch::async, [this] {
    ModelInferRequest request = EchoRequest();
    (*request.mutable_parameters())["timeout"].set_int64_param(1'000'000);
    (*request.mutable_parameters())["priority"].set_int64_param(EchoScheduler::kPolicyPriority);
    return Infer(request);
  });
  scheduler().AwaitSubmitted(1);
  EXPECT_EQ(scheduler().held_priority(), EchoScheduler::kPolicyPriority);
  EXPECT_EQ(scheduler().held_queue_timeout(), std::chrono::seconds(1));
  EXPECT_GT(scheduler().held_deadline(), clock_.Now() + std::chrono::seconds(2));
  scheduler().Release();
  EXPECT_TRUE(answer.get().ok());
}

TEST_F(InferTest, ACancelledCallIsLetGoAndTold) {
  scheduler().Hold();
  grpc::ClientContext context;
  auto answer = std::async(std::launch::async, [&] {
    ModelInferResponse response;
    return stub_->ModelInfer(&context, EchoRequest(), &response);
  });
  scheduler().AwaitSubmitted(1);
  const CancelTokenPtr cancel = scheduler().held_cancel();
  ASSERT_NE(cancel, nullptr);
  EXPECT_FALSE(cancel->cancelled());
  context.TryCancel();
  EXPECT_EQ(answer.get().error_code(), StatusCode::CANCELLED);
  const auto give_up = clock_.Now() + std::chrono::seconds(30);
  while (!cancel->cancelled() && clock_.Now() < give_up) std::this_thread::yield();
  EXPECT_TRUE(cancel->cancelled());
  scheduler().Release();
  EXPECT_TRUE(Infer(EchoRequest()).ok());
}

TEST_F(InferTest, AMessageOverTheLimitIsRefused) {
  ModelInferRequest request = EchoRequest();
  constexpr int64_t kElements = kTestMessageBytes / 4;
  request.mutable_inputs(0)->set_shape(1, kElements);
  *request.mutable_raw_input_contents(0) = std::string(kTestMessageBytes, '\0');
  EXPECT_TRUE(Infer(request).ok());  // the limit is for the tensors
  request.mutable_raw_input_contents(0)->append(1 << 20, '\0');
  ExpectRefused(request, StatusCode::RESOURCE_EXHAUSTED, "larger than max");
}

TEST_F(InferTest, ACompressedMessageIsRefusedBeforeItIsUnpacked) {
  ModelInferRequest request = EchoRequest();
  *request.mutable_raw_input_contents(0) = std::string(kTestMessageBytes * 8, '\0');
  grpc::ClientContext context;
  Patient(&context);
  context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  ModelInferResponse response;
  const grpc::Status status = stub_->ModelInfer(&context, request, &response);
  EXPECT_EQ(status.error_code(), StatusCode::UNIMPLEMENTED) << status.error_message();
  EXPECT_TRUE(Infer(EchoRequest()).ok());
}

}  // namespace
}  // namespace flambeau
