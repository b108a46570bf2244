// The C++ client and the command's parts, against a running server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/exit_codes.h"
#include "cli/json_tensor.h"
#include "cli/predict.h"
#include "cli/status.h"
#include "flambeau/client.h"
#include "grpc/running_server.h"

namespace flambeau {
namespace {

using client::TensorFromJson;
using client::TensorToJson;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

// ---- JSON and tensors

TEST(JsonTensorTest, TypesValuesAsTorchWould) {
  const auto datatype = [](const char* text) {
    return TensorFromJson("x", "", json::parse(text))->datatype;
  };
  EXPECT_EQ(datatype("[1, 2]"), "INT64");
  EXPECT_EQ(datatype("[1, 2.5]"), "FP32");
  EXPECT_EQ(datatype("[true]"), "BOOL");
  EXPECT_EQ(datatype("\"a\""), "BYTES");
  EXPECT_EQ(datatype("[]"), "FP32");
}

TEST(JsonTensorTest, ComesBackInEveryDatatype) {
  for (const auto* datatype :
       {"INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64"}) {
    const auto tensor = TensorFromJson("x", datatype, json::parse("[[1, 2], [3, 100]]"));
    ASSERT_TRUE(tensor.ok()) << tensor.status();
    EXPECT_THAT(tensor->shape, ElementsAre(2, 2));
    EXPECT_EQ(*TensorToJson(*tensor), "[[1,2],[3,100]]") << datatype;
  }
  for (const auto* datatype : {"FP16", "BF16", "FP32", "FP64"}) {
    const auto tensor = TensorFromJson("x", datatype, json::parse("[0.5, -2, 1e-2, 0]"));
    ASSERT_TRUE(tensor.ok()) << tensor.status();
    EXPECT_THAT(*TensorToJson(*tensor), HasSubstr("[0.5,-2.0,0.0")) << datatype;
  }
  EXPECT_EQ(*TensorToJson(*TensorFromJson("x", "BOOL", json::parse("[true, false]"))),
            "[true,false]");
  EXPECT_EQ(*TensorToJson(*TensorFromJson("x", "BYTES", json::parse("[\"\", \"a\\\"b\"]"))),
            "[\"\",\"a\\\"b\"]");
}

TEST(JsonTensorTest, HalvesAreRoundedToNearestEven) {
  const auto bits = [](const char* datatype, double value) {
    const auto tensor = TensorFromJson("x", datatype, value);
    uint16_t half;
    std::memcpy(&half, tensor->bytes.data(), sizeof(half));
    return half;
  };
  EXPECT_EQ(bits("FP16", 1.0), 0x3C00);
  EXPECT_EQ(bits("FP16", -65504.0), 0xFBFF);
  EXPECT_EQ(bits("FP16", 2049.0), 0x6800);
  EXPECT_EQ(bits("FP16", 0x1p-24), 0x0001);
  EXPECT_EQ(bits("FP16", 0x1p-14), 0x0400);
  EXPECT_EQ(bits("BF16", 1.0), 0x3F80);
  EXPECT_EQ(bits("BF16", 1.00390625), 0x3F80);
}

TEST(JsonTensorTest, FloatsAreShortAndNaNIsText) {
  EXPECT_EQ(*TensorToJson(client::MakeTensor(
                "y", {4},
                std::vector<float>{0.1F, std::numeric_limits<float>::quiet_NaN(),
                                   -std::numeric_limits<float>::infinity(), 1e30F})),
            "[0.1,\"NaN\",\"-Infinity\",1e+30]");
}

TEST(JsonTensorTest, RefusesWhatTheDatatypeCannotHold) {
  const auto says = [](const char* datatype, const char* text) {
    const auto tensor = TensorFromJson("x", datatype, json::parse(text));
    return tensor.ok() ? std::string("accepted") : std::string(tensor.status().message());
  };
  EXPECT_EQ(says("INT8", "[128]"), "input 'x' has the element 128, which is no INT8");
  EXPECT_EQ(says("INT8", "[-128]"), "accepted");
  EXPECT_THAT(says("UINT64", "[-1]"), HasSubstr("no UINT64"));
  EXPECT_EQ(says("UINT64", "[18446744073709551615]"), "accepted");
  EXPECT_THAT(says("INT64", "[1.5]"), HasSubstr("no INT64"));
  EXPECT_THAT(says("FP32", "[1e39]"), HasSubstr("no FP32"));
  EXPECT_THAT(says("FP16", "[65505]"), HasSubstr("no FP16"));
  EXPECT_THAT(says("FP32", "[\"1\"]"), HasSubstr("no FP32"));
  EXPECT_THAT(says("BOOL", "[1]"), HasSubstr("no BOOL"));
  EXPECT_THAT(says("FP32", "[[1, 2], [3]]"), HasSubstr("different lengths"));
  EXPECT_THAT(says("FP32", "[1, [2]]"), HasSubstr("different lengths"));
  EXPECT_THAT(says("FP32", (std::string(100, '[') + std::string(100, ']')).c_str()),
              HasSubstr("64 dimensions"));
}

TEST(JsonTensorTest, RefusesBytesThatDoNotFitTheShape) {
  client::Tensor tensor = client::MakeTensor("y", {2}, std::vector<float>{1, 2});
  tensor.bytes.pop_back();
  EXPECT_FALSE(TensorToJson(tensor).ok());
  tensor.bytes += "more";
  EXPECT_FALSE(TensorToJson(tensor).ok());
  EXPECT_FALSE(TensorToJson({"y", "BYTES", {1}, std::string("\xff\0\0\0a", 5)}).ok());
  EXPECT_FALSE(TensorToJson({"y", "FP8", {1}, "a"}).ok());
}

TEST(PredictInputTest, NamesWhatAModelOfSeveralInputsNeeds) {
  client::ModelMetadata metadata;
  metadata.name = "pair";
  metadata.inputs = {{"a", "FP32", {-1}}, {"b", "INT64", {-1}}};
  const auto lone = client::MakeInputs("[1]", metadata);
  EXPECT_THAT(std::string(lone.status().message()), HasSubstr("\"a\": ..., \"b\": ..."));
  const auto named = client::MakeInputs(R"({"a": [1], "b": [2]})", metadata);
  ASSERT_TRUE(named.ok()) << named.status();
  EXPECT_EQ((*named)[0].datatype, "FP32");
  EXPECT_EQ((*named)[1].datatype, "INT64");
}

// ---- Against a server

class ClientTest : public RunningServer {
 protected:
  std::unique_ptr<client::Client> Connect() {
    auto connected = client::Client::Create(address(), {});
    EXPECT_TRUE(connected.ok()) << connected.status();
    return *std::move(connected);
  }
};

TEST_F(ClientTest, AsksEverything) {
  const auto client = Connect();
  EXPECT_TRUE(*client->Live());
  EXPECT_TRUE(*client->Ready());
  EXPECT_TRUE(*client->ModelReady("echo", ""));
  EXPECT_FALSE(*client->ModelReady("loading", ""));
  EXPECT_EQ(client->Server()->name, "flambeau");
  EXPECT_EQ(client->Model("pair", "")->inputs[1].name, "b");
  EXPECT_EQ(client->Index()->size(), 3U);
  EXPECT_EQ(client->Model("nothing", "").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(ClientTest, Infers) {
  client::InferRequest request;
  request.model = "echo";
  request.id = "q";
  request.inputs = {client::MakeTensor("x", {1, 2}, std::vector<float>{1.5F, 2.0F})};
  const auto response = Connect()->Infer(request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->model, "echo");
  EXPECT_EQ(response->version, "1");
  EXPECT_EQ(response->id, "q");
  EXPECT_THAT(response->outputs[0].shape, ElementsAre(1, 2));
  EXPECT_EQ(response->outputs[0].bytes, request.inputs[0].bytes);
}

TEST_F(ClientTest, GivesUpAtItsTimeout) {
  scheduler().Hold();
  const auto client =
      client::Client::Create(address(), {.call_timeout = std::chrono::milliseconds(200)});
  client::InferRequest request;
  request.model = "echo";
  request.inputs = {client::MakeTensor("x", {1}, std::vector<float>{1})};
  EXPECT_EQ((*client)->Infer(request).status().code(), absl::StatusCode::kDeadlineExceeded);
  scheduler().Release();  // what is held keeps the scheduler itself alive
}

TEST_F(ClientTest, PredictPrintsTheOutput) {
  const auto client = Connect();
  testing::internal::CaptureStdout();
  EXPECT_EQ(client::Predict(client.get(), {"echo", "", {}, {}}, {"[[1, 2.5]]", {}}),
            client::kExitOk);
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "{\"output\": [[1.0,2.5]]}\n");

  testing::internal::CaptureStdout();
  EXPECT_EQ(client::Predict(client.get(), {"pair", "", {}, {}},
                            {R"({"b": [[1, 2]], "a": [[3, 4]]})", {}}),
            client::kExitOk);
  EXPECT_EQ(testing::internal::GetCapturedStdout(),
            "{\"outputs\": {\"result[0]\": [[3.0,4.0]], \"result[1]\": [[1.0,2.0]]}}\n");
}

TEST_F(ClientTest, PredictSaysWhatIsWrong) {
  const auto client = Connect();
  testing::internal::CaptureStderr();
  EXPECT_EQ(client::Predict(client.get(), {"nothing", "", {}, {}}, {"[1]", {}}),
            client::kExitServer);
  EXPECT_EQ(client::Predict(client.get(), {"pair", "", {}, {}}, {"[1]", {}}), client::kExitUsage);
  EXPECT_EQ(client::Predict(client.get(), {"pair", "", {}, {}}, {R"({"a": [["x"]]})", {}}),
            client::kExitUsage);
  EXPECT_EQ(client::Predict(client.get(), {"pair", "", {}, {}}, {R"({"a": [[1, 2]]})", {}}),
            client::kExitServer);
  const std::string lines = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 4);
  EXPECT_THAT(lines, HasSubstr("flambeau: There is no model 'nothing'.\n"));
}

TEST_F(ClientTest, StatusShowsEveryModel) {
  const auto client = Connect();
  const auto report = client::AskStatus(client.get(), address());
  ASSERT_TRUE(report.ok()) << report.status();
  const std::string text = client::StatusAsText(*report, false);
  EXPECT_THAT(text, HasSubstr("at " + address() + ": ready"));
  EXPECT_THAT(text, HasSubstr("echo     1        READY    x any[...]\n"));
  EXPECT_THAT(text, HasSubstr("loading           LOADING"));
  EXPECT_THAT(text, HasSubstr("a FP32[-1,2], b FP32[-1,2]"));
  EXPECT_EQ(text.find('\033'), std::string::npos);
  EXPECT_THAT(client::StatusAsText(*report, true), HasSubstr("\033[32mready\033[0m"));

  const json object = json::parse(client::StatusAsJson(*report));
  EXPECT_EQ(object["server"]["ready"], true);
  EXPECT_EQ(object["models"][2]["name"], "pair");
  EXPECT_EQ(object["models"][2]["inputs"][0]["shape"], json({-1, 2}));
}

TEST(ClientWithoutServerTest, SaysThatNobodyAnswers) {
  const auto client =
      client::Client::Create("127.0.0.1:1", {.connect_timeout = std::chrono::milliseconds(200)});
  ASSERT_FALSE(client.ok());
  EXPECT_EQ(client.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(client.status().message()), HasSubstr("127.0.0.1:1"));
}

}  // namespace
}  // namespace flambeau
