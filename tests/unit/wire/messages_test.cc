#include "wire/messages.h"

#include <gtest/gtest.h>

#include <string>

namespace flambeau {
namespace {

TEST(EncodeError, EscapesTheSentence) {
  EXPECT_EQ(EncodeError("a \"b\"\n"), R"({"error":"a \"b\"\n"})");
  EXPECT_EQ(EncodeError("\xFF"), "{\"error\":\"\uFFFD\"}");
}

TEST(EncodeHealth, BodiesAreJson) {
  EXPECT_EQ(EncodeLive(true), R"({"live":true})");
  EXPECT_EQ(EncodeReady(false), R"({"ready":false})");
  EXPECT_EQ(EncodeModelReady("d", true), R"({"name":"d","ready":true})");
}

TEST(EncodeServerMetadata, KeysInTheProtocolsOrder) {
  EXPECT_EQ(EncodeServerMetadata({"flambeau", "0.1.0", {"binary_tensor_data"}}),
            R"({"name":"flambeau","version":"0.1.0","extensions":["binary_tensor_data"]})");
}

TEST(EncodeModelMetadata, TensorsAndProperties) {
  ModelMetadata metadata;
  metadata.name = "m";
  metadata.versions = {"1", "2"};
  metadata.platform = "pytorch_torchscript";
  metadata.inputs = {{"x", "FP32", {-1, 10}}};
  metadata.properties = {{"batching", "proven"}};
  EXPECT_EQ(EncodeModelMetadata(metadata),
            R"({"name":"m","versions":["1","2"],"platform":"pytorch_torchscript",)"
            R"("inputs":[{"name":"x","datatype":"FP32","shape":[-1,10]}],"outputs":[],)"
            R"("properties":{"batching":"proven"}})");
}

TEST(EncodeIndex, IsAnArray) {
  EXPECT_EQ(EncodeIndex({}), "[]");
  EXPECT_EQ(EncodeIndex({{"m", 2, ModelState::kReady, ""},
                         {"n\xFF", 0, ModelState::kUnavailable, "it is not an archive"}}),
            "[{\"name\":\"m\",\"version\":\"2\",\"state\":\"READY\",\"reason\":\"\"},"
            "{\"name\":\"n\uFFFD\",\"version\":\"\",\"state\":\"UNAVAILABLE\","
            "\"reason\":\"it is not an archive\"}]");
}

TEST(EncodeWelcome, NamesModelsAndEndpoints) {
  const std::string text =
      EncodeWelcome({"flambeau", "0.1.0", {}}, {{"digits", 1, ModelState::kReady, ""}});
  EXPECT_NE(text.find(R"("predict": "/predict/digits")"), std::string::npos) << text;
  EXPECT_NE(text.find(R"("POST /v2/models/{model}/infer")"), std::string::npos);
}

std::string Decode(std::string_view body) {
  const auto ready = DecodeIndexRequest({body});
  if (ready.ok()) return *ready ? "ready" : "all";
  return std::string(Message(ready.status()));
}

TEST(DecodeIndexRequest, EmptyOrReady) {
  EXPECT_EQ(Decode(""), "all");
  EXPECT_EQ(Decode(" \n"), "all");
  EXPECT_EQ(Decode("{}"), "all");
  EXPECT_EQ(Decode(R"({"ready": true})"), "ready");
  EXPECT_EQ(Decode(R"({"ready":false})"), "all");
  EXPECT_EQ(Decode(R"({"ready":1})"), "ready must be true or false");
  EXPECT_EQ(Decode(R"({"raedy":true})"),
            R"(the key raedy is not known: send {} or {"ready": true})");
  EXPECT_EQ(Decode("[]"), "the body must be an object");
  EXPECT_EQ(Decode(std::string(100000, '[')), "the body must be an object");
}

}  // namespace
}  // namespace flambeau
