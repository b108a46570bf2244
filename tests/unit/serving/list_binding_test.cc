#include "serving/list_binding.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "codec/convert.h"

namespace flambeau {
namespace {

ArgumentFact List(ValueKind element) {
  ArgumentFact argument;
  argument.name = "x";
  argument.type = "List[" + std::string(Name(element)) + "]";
  argument.kind = ValueKind::kList;
  argument.elements.resize(1);
  argument.elements[0].kind = element;
  return argument;
}

template <typename T>
Value Vector(DType dtype, const std::vector<T>& elements) {
  Tensor tensor = *Tensor::Allocate(dtype, {static_cast<int64_t>(elements.size())});
  if (!elements.empty()) std::memcpy(tensor.mutable_data(), elements.data(), tensor.bytes());
  return Value{tensor};
}

template <typename T>
std::vector<T> Bound(ValueKind element, const Value& value) {
  const ArgumentFact argument = List(element);
  const auto list = BindList(argument, element, value);
  EXPECT_TRUE(list.ok()) << list.status();
  std::vector<T> elements;
  if (!list.ok()) return elements;
  for (const Value& item : std::get<ValueList>(list->data).items) {
    elements.push_back(std::get<T>(item.data));
  }
  return elements;
}

std::string Refusal(ValueKind element, const Value& value) {
  const ArgumentFact argument = List(element);
  const auto list = BindList(argument, element, value);
  if (list.ok()) return "accepted";
  EXPECT_EQ(list.status().code(), StatusCode::kInvalidArgument);
  return std::string(Message(list.status()));
}

TEST(BindListTest, TakesTensorsOfRankOne) {
  EXPECT_EQ(Bound<std::string>(ValueKind::kString, Value{BytesTensor({"a", "", "d\xc3\xbc"}, {3})}),
            (std::vector<std::string>{"a", "", "d\xc3\xbc"}));
  EXPECT_EQ(Bound<int64_t>(ValueKind::kInt, Vector<int32_t>(DType::kInt32, {1, -2})),
            (std::vector<int64_t>{1, -2}));
  EXPECT_EQ(Bound<double>(ValueKind::kFloat, Vector<float>(DType::kFp32, {0.5F, 2})),
            (std::vector<double>{0.5, 2}));
  EXPECT_EQ(Bound<double>(ValueKind::kFloat, Vector<int64_t>(DType::kInt64, {3})),
            (std::vector<double>{3}));
  EXPECT_EQ(Bound<bool>(ValueKind::kBool, Vector<uint8_t>(DType::kBool, {1, 0})),
            (std::vector<bool>{true, false}));
  EXPECT_TRUE(Bound<std::string>(ValueKind::kString, Vector<float>(DType::kFp32, {})).empty());
}

TEST(BindListTest, RefusesTheRest) {
  EXPECT_EQ(Refusal(ValueKind::kString, Vector<float>(DType::kFp32, {1})),
            "Input 'x' must be a list of str: a tensor of rank 1 and datatype BYTES.");
  EXPECT_EQ(Refusal(ValueKind::kInt, Value{BytesScalar("a")}),
            "Input 'x' must be a list of int: a tensor of rank 1 and datatype INT64.");
  EXPECT_THAT(Refusal(ValueKind::kInt, Vector<float>(DType::kFp32, {1})),
              testing::HasSubstr("Input 'x'"));
  EXPECT_THAT(Refusal(ValueKind::kString, Value{BytesTensor({"a"}, {1, 1})}),
              testing::HasSubstr("rank 1"));
  EXPECT_THAT(Refusal(ValueKind::kString, Value{BytesScalar("\xff")}), testing::HasSubstr("UTF-8"));
  EXPECT_THAT(Refusal(ValueKind::kString, Value{std::string("a")}), testing::HasSubstr("rank 1"));
}

}  // namespace
}  // namespace flambeau
