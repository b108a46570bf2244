#include "wire/model_admin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace flambeau {
namespace {

using ::testing::HasSubstr;

Result<LoadParameters> Decode(const std::string& body, bool unload = false) {
  const std::string padded = body + std::string(kJsonPadding, '\0');
  return DecodeLoadRequest(PaddedJson{std::string_view(padded).substr(0, body.size())}, unload);
}

TEST(ModelAdminJsonTest, ReadsTheParametersThereAre) {
  for (const char* body : {"", " \n", "{}", R"({"parameters": {}})"}) {
    const auto none = Decode(body);
    ASSERT_TRUE(none.ok()) << body;
    EXPECT_EQ(none->config, std::nullopt);
  }
  EXPECT_EQ(Decode(R"({"parameters": {"config": "{\"a\": 1}"}})")->config, R"({"a": 1})");
  EXPECT_TRUE(Decode(R"({"parameters": {"unload_dependents": true}})", true)->unload_dependents);
}

TEST(ModelAdminJsonTest, RefusesTheRest) {
  for (const char* body :
       {"[]", "{", "{} {}", R"({"parameters": []})", R"({"parameters": {"config": {}}})",
        R"({"parameters": {"config": "a", "config": "b"}})", R"({"parameters": {"x": 1}})",
        R"({"x": 1})"}) {
    EXPECT_EQ(Decode(body).status().code(), StatusCode::kInvalidArgument) << body;
  }
  EXPECT_THAT(std::string(Message(Decode(R"({"parameters": {"file:1/m": "A"}})").status())),
              HasSubstr("'file:...' is not supported"));
  EXPECT_EQ(Decode(R"({"parameters": {"config": "a"}})", true).status().code(),
            StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace flambeau
