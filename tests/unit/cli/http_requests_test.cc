#include "cli/bench/http_requests.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace flambeau::client {
namespace {

using nlohmann::json;

InferRequest OneRow() {
  return {"m", "", "", {MakeTensor("x", {1, 2}, std::vector<float>{0.5, 2})}, {}};
}

TEST(HttpRequestsTest, BinaryTensorsFollowTheirDescription) {
  InferRequest request = OneRow();
  request.version = "3";
  request.inputs.push_back(MakeTensor("n", {1}, std::vector<int64_t>{7}));
  const HttpRequest made = MakeBinaryRequest(request);
  EXPECT_EQ(made.path, "/v2/models/m/versions/3/infer");
  const std::string length = "Inference-Header-Content-Length: ";
  const size_t at = made.headers.find(length);
  ASSERT_NE(at, std::string::npos);
  const size_t size = std::stoul(made.headers.substr(at + length.size()));
  const json head = json::parse(made.body.substr(0, size));
  EXPECT_EQ(head["inputs"][0], json::parse(R"({"name": "x", "shape": [1, 2], "datatype": "FP32",
                            "parameters": {"binary_data_size": 8}})"));
  EXPECT_EQ(head["inputs"][1]["parameters"]["binary_data_size"], 8);
  EXPECT_EQ(head["parameters"]["binary_data_output"], true);
  EXPECT_EQ(made.body.substr(size), request.inputs[0].bytes + request.inputs[1].bytes);
}

TEST(HttpRequestsTest, JsonHoldsTheSame) {
  const auto made = MakeJsonRequest(OneRow());
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->path, "/v2/models/m/infer");
  EXPECT_EQ(json::parse(made->body), json::parse(R"({"inputs": [{"name": "x", "shape": [1, 2],
      "datatype": "FP32", "data": [[0.5, 2.0]]}]})"));
}

TEST(HttpRequestsTest, PredictTakesOneInputOrSeveralByName) {
  InferRequest request = OneRow();
  EXPECT_EQ(MakePredictRequest(request)->body, R"({"input":[[0.5,2.0]]})");
  EXPECT_EQ(MakePredictRequest(request)->path, "/predict/m");
  request.inputs.push_back(MakeTensor("n", {1}, std::vector<int64_t>{7}));
  EXPECT_EQ(MakePredictRequest(request)->body, R"({"inputs":{"x":[[0.5,2.0]],"n":[7]}})");
  EXPECT_EQ(MakePredictRequest("m", "2", " [1]").body, R"({"input": [1]})");
  EXPECT_EQ(MakePredictRequest("m", "2", " {\"x\": 1}").body, R"({"inputs": {"x": 1}})");
  EXPECT_EQ(MakePredictRequest("m", "2", "1").path, "/predict/m/2");
}

TEST(HttpRequestsTest, BytesAreAWholeRequest) {
  const HttpRequest request{"/p", "A: b\r\n", "body"};
  EXPECT_EQ(request.Bytes("h:1"),
            "POST /p HTTP/1.1\r\nHost: h:1\r\nA: b\r\nContent-Length: 4\r\n\r\nbody");
}

}  // namespace
}  // namespace flambeau::client
