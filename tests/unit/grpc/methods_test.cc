// Methods by their paths: every one that is declared is there, and what is told of those that are
// not.
#include <gmock/gmock.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "grpc/raw_call.h"
#include "grpc/running_server.h"
#include "proto/reflection.pb.h"

namespace flambeau {
namespace {

namespace reflection = grpc::reflection::v1alpha;
using grpc::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kReflection[] = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
constexpr char kReflectionV1[] = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

class MethodsTest : public RunningServer {
 protected:
  // One request suffices on the stream.
  reflection::ServerReflectionResponse Reflect(const reflection::ServerReflectionRequest& request,
                                               const char* method = kReflection) {
    std::string answer;
    const grpc::Status status = CallBytes(channel_, method, request.SerializeAsString(), &answer);
    EXPECT_TRUE(status.ok()) << status.error_message();
    reflection::ServerReflectionResponse response;
    EXPECT_TRUE(response.ParseFromString(answer));
    return response;
  }
};

TEST_F(MethodsTest, EveryDeclaredMethodIsThere) {
  const auto* service =
      inference::ModelInferRequest::descriptor()->file()->FindServiceByName("GRPCInferenceService");
  ASSERT_EQ(service->method_count(), 20);
  for (int i = 0; i < service->method_count(); ++i) {
    // No message of any of them, so that each answers at once.
    std::string answer;
    const grpc::Status status =
        CallBytes(channel_, "/inference.GRPCInferenceService/" + service->method(i)->name(),
                  "\xff\xff\xff", &answer);
    if (service->method(i)->client_streaming()) {
      EXPECT_TRUE(status.ok()) << status.error_message();  // its answer tells
      EXPECT_THAT(answer, HasSubstr("not a ModelInferRequest"));
      continue;
    }
    EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT) << service->method(i)->name();
    EXPECT_THAT(status.error_message(),
                HasSubstr("not a " + service->method(i)->input_type()->name() + ";"));
  }
}

TEST_F(MethodsTest, ACallWithoutAMessageIsRefused) {
  grpc::GenericStub stub(channel_);
  grpc::ClientContext context;
  Patient(&context);
  grpc::CompletionQueue queue;
  void* tag;
  bool ok;
  const auto call =
      stub.PrepareCall(&context, "/inference.GRPCInferenceService/ServerLive", &queue);
  call->StartCall(nullptr);
  queue.Next(&tag, &ok);
  call->WritesDone(nullptr);
  queue.Next(&tag, &ok);
  grpc::Status status;
  call->Finish(&status, nullptr);
  queue.Next(&tag, &ok);
  EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(status.error_message(), HasSubstr("without its message"));
}

TEST_F(MethodsTest, BytesThatAreNoMessageAreRefused) {
  for (const std::string& bytes :
       {std::string("\xff\xff\xff"), std::string("\x0a\x05lin"), std::string(100'000, '\x7b')}) {
    std::string answer;
    const grpc::Status status =
        CallBytes(channel_, "/inference.GRPCInferenceService/ModelInfer", bytes, &answer);
    EXPECT_EQ(status.error_code(), StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(status.error_message(), HasSubstr("not a ModelInferRequest"));
    EXPECT_TRUE(Infer(EchoRequest()).ok());
  }
}

TEST_F(MethodsTest, UnknownMethodsAreUnimplemented) {
  std::string answer;
  EXPECT_EQ(
      CallBytes(channel_, "/inference.GRPCInferenceService/Nothing", "", &answer).error_code(),
      StatusCode::UNIMPLEMENTED);
}

TEST_F(MethodsTest, ReflectionListsTheServices) {
  reflection::ServerReflectionRequest request;
  request.set_host("here");
  request.set_list_services("*");
  for (const char* method : {kReflection, kReflectionV1}) {
    const auto response = Reflect(request, method);
    EXPECT_EQ(response.valid_host(), "here");
    EXPECT_EQ(response.original_request().list_services(), "*");
    std::vector<std::string> names;
    for (const auto& service : response.list_services_response().service()) {
      names.push_back(service.name());
    }
    EXPECT_THAT(names,
                ElementsAre("grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection",
                            "inference.GRPCInferenceService"));
  }
}

TEST_F(MethodsTest, ReflectionTellsFilesAfterWhatTheyImport) {
  reflection::ServerReflectionRequest by_symbol;
  by_symbol.set_file_containing_symbol("inference.GRPCInferenceService.ModelInfer");
  reflection::ServerReflectionRequest by_name;
  by_name.set_file_by_filename("inference.proto");
  for (const auto& request : {by_symbol, by_name}) {
    const auto response = Reflect(request);
    std::vector<std::string> names;
    for (const std::string& bytes : response.file_descriptor_response().file_descriptor_proto()) {
      google::protobuf::FileDescriptorProto file;
      ASSERT_TRUE(file.ParseFromString(bytes));
      names.push_back(file.name());
    }
    EXPECT_THAT(names, ElementsAre("model_config.proto", "inference.proto"));
  }
}

TEST_F(MethodsTest, ReflectionSaysWhatIsNotThere) {
  reflection::ServerReflectionRequest request;
  EXPECT_EQ(Reflect(request).error_response().error_code(), StatusCode::INVALID_ARGUMENT);
  request.set_file_containing_symbol("inference.Nothing");
  const auto response = Reflect(request);
  EXPECT_EQ(response.error_response().error_code(), StatusCode::NOT_FOUND);
  EXPECT_THAT(response.error_response().error_message(), HasSubstr("'inference.Nothing'"));
  request.set_all_extension_numbers_of_type("inference.ModelInferRequest");
  EXPECT_EQ(Reflect(request).all_extension_numbers_response().base_type_name(),
            "inference.ModelInferRequest");
}

}  // namespace
}  // namespace flambeau
