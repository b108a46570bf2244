#include "wire/shared_memory_json.h"

#include <gtest/gtest.h>

#include <string>

namespace flambeau {
namespace {

std::string Refusal(const std::string& json) {
  const auto region = DecodeRegister({json});
  if (region.ok()) return "accepted";
  EXPECT_EQ(region.status().code(), StatusCode::kInvalidArgument);
  return std::string(Message(region.status()));
}

TEST(DecodeRegister, TakesAllThree) {
  const auto region = DecodeRegister({R"({"byte_size":9,"key":"/k","offset":4})"});
  ASSERT_TRUE(region.ok()) << region.status();
  EXPECT_EQ(region->key, "/k");
  EXPECT_EQ(region->offset, 4U);
  EXPECT_EQ(region->byte_size, 9U);
  EXPECT_EQ(DecodeRegister({R"({"byte_size":9,"key":"/k"})"})->offset, 0U);
}

TEST(DecodeRegister, RefusesTheRest) {
  EXPECT_NE(Refusal(""), "accepted");
  EXPECT_NE(Refusal("[]"), "accepted");
  EXPECT_NE(Refusal(R"({"key":"/k","byte_size":9} x)"), "accepted");
  EXPECT_EQ(Refusal(R"({"key":"/k"})"),
            R"(the body has no byte_size: send a JSON object with "key" and "byte_size")");
  EXPECT_EQ(Refusal(R"({"byte_size":1})"),
            R"(the body has no key: send a JSON object with "key" and "byte_size")");
  EXPECT_EQ(Refusal(R"({"key":"/k","byte_size":-1})"), "byte_size is -1: it must be 0 or more");
  EXPECT_EQ(Refusal(R"({"key":"/k","byte_size":1.5})"),
            "byte_size must be a whole number, without fraction or exponent");
  EXPECT_EQ(Refusal(R"({"key":7,"byte_size":1})"), "key must be a string");
  EXPECT_EQ(Refusal(R"({"key":"/k","byte_size":1,"offset":"0"})"), "offset must be a whole number");
  EXPECT_EQ(Refusal(R"({"key":"/k","size":1})"),
            "the key size is not known: send key, offset and byte_size");
}

TEST(EncodeRegions, IsAnArray) {
  EXPECT_EQ(EncodeRegions({}), "[]");
  EXPECT_EQ(EncodeRegions({{"a\"", "/k", 1, 2}, {"b", "/l", 0, 3}}),
            R"([{"name":"a\"","key":"/k","offset":1,"byte_size":2},)"
            R"({"name":"b","key":"/l","offset":0,"byte_size":3}])");
}

}  // namespace
}  // namespace flambeau
