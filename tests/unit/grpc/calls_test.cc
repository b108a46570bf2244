// The calls that only look, and those that are not there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "grpc/running_server.h"

namespace flambeau {
namespace {

using grpc::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;

class CallsTest : public RunningServer {
 protected:
  template <typename Request, typename Response>
  grpc::Status Call(grpc::Status (inference::GRPCInferenceService::Stub::*method)(
                        grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response* response) {
    grpc::ClientContext context;
    Patient(&context);
    return (stub_.get()->*method)(&context, request, response);
  }
};

using Stub = inference::GRPCInferenceService::Stub;

TEST_F(CallsTest, LiveAndReady) {
  inference::ServerLiveResponse live;
  ASSERT_TRUE(Call(&Stub::ServerLive, {}, &live).ok());
  EXPECT_TRUE(live.live());
  inference::ServerReadyResponse ready;
  ASSERT_TRUE(Call(&Stub::ServerReady, {}, &ready).ok());
  EXPECT_TRUE(ready.ready());
  repository_.set_settled(false);
  ASSERT_TRUE(Call(&Stub::ServerReady, {}, &ready).ok());
  EXPECT_FALSE(ready.ready());
}

TEST_F(CallsTest, ModelReady) {
  const auto ask = [this](const std::string& name, const std::string& version,
                          inference::ModelReadyResponse* response) {
    inference::ModelReadyRequest request;
    request.set_name(name);
    request.set_version(version);
    return Call(&Stub::ModelReady, request, response).error_code();
  };
  inference::ModelReadyResponse response;
  EXPECT_EQ(ask("echo", "", &response), StatusCode::OK);
  EXPECT_TRUE(response.ready());
  EXPECT_EQ(ask("loading", "", &response), StatusCode::OK);
  EXPECT_FALSE(response.ready());
  EXPECT_EQ(ask("nothing", "", &response), StatusCode::NOT_FOUND);
  EXPECT_EQ(ask("echo", "9", &response), StatusCode::NOT_FOUND);
  EXPECT_EQ(ask("echo", "x", &response), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ask("../x", "", &response), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ask("", "", &response), StatusCode::INVALID_ARGUMENT);
}

TEST_F(CallsTest, ServerMetadata) {
  inference::ServerMetadataResponse response;
  ASSERT_TRUE(Call(&Stub::ServerMetadata, {}, &response).ok());
  EXPECT_EQ(response.name(), "flambeau");
  EXPECT_FALSE(response.version().empty());
  EXPECT_THAT(response.extensions(), testing::Contains("model_repository"));
}

TEST_F(CallsTest, ModelMetadata) {
  inference::ModelMetadataRequest request;
  request.set_name("pair");
  inference::ModelMetadataResponse response;
  ASSERT_TRUE(Call(&Stub::ModelMetadata, request, &response).ok());
  EXPECT_EQ(response.name(), "pair");
  EXPECT_THAT(response.versions(), ElementsAre("1"));
  EXPECT_EQ(response.platform(), "pytorch_torchscript");
  ASSERT_EQ(response.inputs_size(), 2);
  EXPECT_EQ(response.inputs(1).name(), "b");
  EXPECT_EQ(response.inputs(1).datatype(), "FP32");
  EXPECT_THAT(response.inputs(1).shape(), ElementsAre(-1, 2));
  EXPECT_EQ(response.properties().at("inputs.b.datatype"), "graph");

  request.set_name("echo");
  ASSERT_TRUE(Call(&Stub::ModelMetadata, request, &response).ok());
  EXPECT_THAT(response.inputs(0).shape(), ElementsAre(-1));
  EXPECT_EQ(response.properties().at("inputs.x.datatype"), "unknown");

  request.set_name("nothing");
  EXPECT_EQ(Call(&Stub::ModelMetadata, request, &response).error_code(), StatusCode::NOT_FOUND);
  request.set_name("");
  EXPECT_EQ(Call(&Stub::ModelMetadata, request, &response).error_code(),
            StatusCode::INVALID_ARGUMENT);
}

TEST_F(CallsTest, RepositoryIndex) {
  inference::RepositoryIndexRequest request;
  inference::RepositoryIndexResponse response;
  ASSERT_TRUE(Call(&Stub::RepositoryIndex, request, &response).ok());
  ASSERT_EQ(response.models_size(), 3);
  EXPECT_EQ(response.models(0).name(), "echo");
  EXPECT_EQ(response.models(0).version(), "1");
  EXPECT_EQ(response.models(0).state(), "READY");
  EXPECT_EQ(response.models(1).version(), "");
  EXPECT_EQ(response.models(1).state(), "LOADING");
  request.set_ready(true);
  ASSERT_TRUE(Call(&Stub::RepositoryIndex, request, &response).ok());
  EXPECT_EQ(response.models_size(), 2);
  request.set_repository_name("other");
  EXPECT_EQ(Call(&Stub::RepositoryIndex, request, &response).error_code(),
            StatusCode::UNIMPLEMENTED);
}

TEST_F(CallsTest, ModelStatistics) {
  ASSERT_TRUE(Infer(EchoRequest()).ok());
  inference::ModelStatisticsRequest request;
  inference::ModelStatisticsResponse response;
  ASSERT_TRUE(Call(&Stub::ModelStatistics, request, &response).ok());
  ASSERT_EQ(response.model_stats_size(), 2);
  EXPECT_EQ(response.model_stats(1).name(), "pair");
  EXPECT_EQ(response.model_stats(1).inference_stats().success().count(), 0u);
  request.set_name("echo");
  request.set_version("1");
  ASSERT_TRUE(Call(&Stub::ModelStatistics, request, &response).ok());
  ASSERT_EQ(response.model_stats_size(), 1);
  const inference::ModelStatistics& echo = response.model_stats(0);
  EXPECT_EQ(echo.name(), "echo");
  EXPECT_EQ(echo.version(), "1");
  EXPECT_EQ(echo.inference_count(), 1u);
  EXPECT_EQ(echo.inference_stats().success().count(), 1u);
  EXPECT_GT(echo.inference_stats().success().ns(), 0u);
  EXPECT_EQ(echo.inference_stats().queue().count(), 1u);
  ASSERT_EQ(echo.memory_usage_size(), 1);
  EXPECT_EQ(echo.memory_usage(0).type(), "CPU");
  request.set_name("nobody");
  EXPECT_EQ(Call(&Stub::ModelStatistics, request, &response).error_code(), StatusCode::NOT_FOUND);
}

TEST_F(CallsTest, LogSettingsAreReadAndChanged) {
  inference::LogSettingsRequest request;
  inference::LogSettingsResponse response;
  ASSERT_TRUE(Call(&Stub::LogSettings, request, &response).ok());
  EXPECT_TRUE(response.settings().at("log_info").bool_param());
  EXPECT_EQ(response.settings().at("log_verbose_level").uint32_param(), 0U);
  EXPECT_EQ(response.settings().at("log_format").string_param(), "ISO8601");
  (*request.mutable_settings())["log_verbose_level"].set_uint32_param(1);
  ASSERT_TRUE(Call(&Stub::LogSettings, request, &response).ok());
  EXPECT_EQ(response.settings().at("log_verbose_level").uint32_param(), 1U);
  EXPECT_EQ(adjustable_log_.settings().verbose_level, 1U);
  (*request.mutable_settings())["log_info"].set_string_param("true");
  EXPECT_EQ(Call(&Stub::LogSettings, request, &response).error_code(),
            StatusCode::INVALID_ARGUMENT);
  (*request.mutable_settings())["log_info"].Clear();
  EXPECT_EQ(Call(&Stub::LogSettings, request, &response).error_code(),
            StatusCode::INVALID_ARGUMENT);
}

TEST_F(CallsTest, TraceSettingsAreKeptForAllAndForOne) {
  inference::TraceSettingRequest request;
  inference::TraceSettingResponse response;
  request.set_model_name("echo");
  (*request.mutable_settings())["trace_level"].add_value("TENSORS");
  ASSERT_TRUE(Call(&Stub::TraceSetting, request, &response).ok());
  EXPECT_EQ(response.settings().at("trace_level").value(0), "TENSORS");
  EXPECT_EQ(response.settings().at("trace_rate").value(0), "1000");
  (*request.mutable_settings())["trace_level"].clear_value();
  ASSERT_TRUE(Call(&Stub::TraceSetting, request, &response).ok());
  EXPECT_EQ(response.settings().at("trace_level").value(0), "OFF");
  (*request.mutable_settings())["trace_rate"].add_value("-1");
  EXPECT_EQ(Call(&Stub::TraceSetting, request, &response).error_code(),
            StatusCode::INVALID_ARGUMENT);
  request.set_model_name("nobody");
  EXPECT_EQ(Call(&Stub::TraceSetting, request, &response).error_code(), StatusCode::NOT_FOUND);
}

TEST_F(CallsTest, SharedMemoryThatIsOffSaysHowToTurnItOn) {
  inference::SystemSharedMemoryRegisterResponse registered;
  const grpc::Status status = Call(&Stub::SystemSharedMemoryRegister, {}, &registered);
  EXPECT_EQ(status.error_code(), StatusCode::UNIMPLEMENTED);
  EXPECT_THAT(status.error_message(), HasSubstr("--allow-shared-memory"));
  inference::SystemSharedMemoryUnregisterResponse unregistered;
  EXPECT_EQ(Call(&Stub::SystemSharedMemoryUnregister, {}, &unregistered).error_code(),
            StatusCode::UNIMPLEMENTED);
  inference::SystemSharedMemoryStatusResponse regions;
  EXPECT_TRUE(Call(&Stub::SystemSharedMemoryStatus, {}, &regions).ok());
  EXPECT_TRUE(regions.regions().empty());
}

TEST_F(CallsTest, ThereIsNoCudaSharedMemory) {
  inference::CudaSharedMemoryRegisterResponse registered;
  const grpc::Status status = Call(&Stub::CudaSharedMemoryRegister, {}, &registered);
  EXPECT_EQ(status.error_code(), StatusCode::UNIMPLEMENTED);
  EXPECT_THAT(status.error_message(), HasSubstr("without a GPU build"));
  inference::CudaSharedMemoryUnregisterResponse unregistered;
  EXPECT_TRUE(Call(&Stub::CudaSharedMemoryUnregister, {}, &unregistered).ok());
  inference::CudaSharedMemoryStatusRequest request;
  inference::CudaSharedMemoryStatusResponse regions;
  EXPECT_TRUE(Call(&Stub::CudaSharedMemoryStatus, request, &regions).ok());
  request.set_name("r");
  EXPECT_EQ(Call(&Stub::CudaSharedMemoryStatus, request, &regions).error_code(),
            StatusCode::NOT_FOUND);
}

TEST_F(CallsTest, ModelConfig) {
  inference::ModelConfigRequest request;
  inference::ModelConfigResponse response;
  EXPECT_EQ(Call(&Stub::ModelConfig, request, &response).error_code(),
            StatusCode::INVALID_ARGUMENT);
  request.set_name("echo");
  ASSERT_TRUE(Call(&Stub::ModelConfig, request, &response).ok());
  EXPECT_EQ(response.config().name(), "echo");
  EXPECT_EQ(response.config().max_batch_size(), 7);
  request.set_version("9");
  EXPECT_EQ(Call(&Stub::ModelConfig, request, &response).error_code(), StatusCode::NOT_FOUND);
}

TEST_F(CallsTest, RepositoryModelLoad) {
  inference::RepositoryModelLoadRequest request;
  inference::RepositoryModelLoadResponse response;
  EXPECT_EQ(Call(&Stub::RepositoryModelLoad, request, &response).error_code(),
            StatusCode::INVALID_ARGUMENT);
  request.set_model_name("echo");
  EXPECT_TRUE(Call(&Stub::RepositoryModelLoad, request, &response).ok());
  (*request.mutable_parameters())["config"].set_string_param("{}");
  const grpc::Status told = Call(&Stub::RepositoryModelLoad, request, &response);
  EXPECT_EQ(told.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(told.error_message(), "Load echo {}.");
  (*request.mutable_parameters())["config"].set_int64_param(1);
  EXPECT_THAT(Call(&Stub::RepositoryModelLoad, request, &response).error_message(),
              HasSubstr("'config' must be a string_param"));
  request.clear_parameters();
  (*request.mutable_parameters())["file:1/model.pt"].set_bytes_param("x");
  EXPECT_THAT(Call(&Stub::RepositoryModelLoad, request, &response).error_message(),
              HasSubstr("'file:...' is not supported"));
  request.set_repository_name("main");
  EXPECT_EQ(Call(&Stub::RepositoryModelLoad, request, &response).error_code(),
            StatusCode::UNIMPLEMENTED);
}

TEST_F(CallsTest, RepositoryModelUnload) {
  inference::RepositoryModelUnloadRequest request;
  inference::RepositoryModelUnloadResponse response;
  request.set_model_name("echo");
  (*request.mutable_parameters())["unload_dependents"].set_bool_param(true);
  EXPECT_TRUE(Call(&Stub::RepositoryModelUnload, request, &response).ok());
  (*request.mutable_parameters())["unload_dependents"].set_string_param("true");
  EXPECT_EQ(Call(&Stub::RepositoryModelUnload, request, &response).error_code(),
            StatusCode::INVALID_ARGUMENT);
  (*request.mutable_parameters())["other"].set_bool_param(true);
  EXPECT_EQ(Call(&Stub::RepositoryModelUnload, request, &response).error_code(),
            StatusCode::INVALID_ARGUMENT);
}

TEST_F(CallsTest, ADrainAnswersLoadsInProgress) {
  inference::RepositoryModelLoadRequest request;
  request.set_model_name("slow");
  inference::RepositoryModelLoadResponse response;
  std::thread drain([this] {
    while (!admin_.waiting()) std::this_thread::yield();
    admin_.BeginDrain();
  });
  EXPECT_EQ(Call(&Stub::RepositoryModelLoad, request, &response).error_code(),
            StatusCode::UNAVAILABLE);
  drain.join();
}

TEST_F(CallsTest, AClientThatGoesLeavesALoadBehind) {
  inference::RepositoryModelLoadRequest request;
  request.set_model_name("slow");
  inference::RepositoryModelLoadResponse response;
  grpc::ClientContext context;
  std::thread client([&] {
    while (!admin_.waiting()) std::this_thread::yield();
    context.TryCancel();
  });
  EXPECT_EQ(stub_->RepositoryModelLoad(&context, request, &response).error_code(),
            StatusCode::CANCELLED);
  client.join();
  // The load goes on, and its answer finds nobody.
  admin_.BeginDrain();
}

}  // namespace
}  // namespace flambeau
