#include "tensor/value.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace flambeau {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Value OneTensor() { return Value{*Tensor::Allocate(DType::kFp32, {2, 2})}; }

std::vector<std::string> NamesOf(const Value& value) {
  std::vector<std::string> names;
  for (const NamedTensor& tensor : Flatten(value)) names.push_back(tensor.name);
  return names;
}

TEST(FlattenTest, ALoneTensorIsOutput) {
  const Value value = OneTensor();
  const std::vector<NamedTensor> tensors = Flatten(value);
  ASSERT_EQ(tensors.size(), 1u);
  EXPECT_EQ(tensors[0].name, "output");
  EXPECT_EQ(tensors[0].tensor.data(), value.tensor()->data());
}

TEST(FlattenTest, TuplesAndListsAreNumbered) {
  EXPECT_THAT(NamesOf(Value{ValueTuple{{OneTensor(), OneTensor()}, {}}}),
              ElementsAre("result[0]", "result[1]"));
  EXPECT_THAT(NamesOf(Value{ValueList{{OneTensor(), Value{ValueList{{OneTensor()}}}}}}),
              ElementsAre("result[0]", "result[1][0]"));
}

TEST(FlattenTest, FieldsAndKeysAreNamed) {
  const Value named{ValueTuple{{OneTensor(), OneTensor()}, {"logits", "hidden"}}};
  EXPECT_THAT(NamesOf(named), ElementsAre("result.logits", "result.hidden"));
  const Value dict{ValueDict{{{"a", OneTensor()}, {"b", named}}}};
  EXPECT_THAT(NamesOf(dict), ElementsAre("result.a", "result.b.logits", "result.b.hidden"));
}

TEST(FlattenTest, NoneIsLeftOutAndKeepsItsNumber) {
  EXPECT_THAT(NamesOf(Value{ValueTuple{{Value{}, OneTensor()}, {}}}), ElementsAre("result[1]"));
  EXPECT_THAT(NamesOf(Value{}), IsEmpty());
}

TEST(FlattenTest, ScalarsHaveShapeOne) {
  const Value value{
      ValueTuple{{Value{true}, Value{int64_t{-7}}, Value{2.5}, Value{std::string("hi")}}, {}}};
  const std::vector<NamedTensor> tensors = Flatten(value);
  ASSERT_EQ(tensors.size(), 4u);
  for (const NamedTensor& named : tensors) EXPECT_EQ(named.tensor.shape(), (Shape{1}));
  EXPECT_EQ(tensors[0].tensor.dtype(), DType::kBool);
  EXPECT_EQ(tensors[0].tensor.As<uint8_t>()[0], 1);
  EXPECT_EQ(tensors[1].tensor.As<int64_t>()[0], -7);
  EXPECT_EQ(tensors[2].tensor.As<double>()[0], 2.5);
  EXPECT_EQ(tensors[3].tensor.dtype(), DType::kBytes);
  EXPECT_EQ(tensors[3].tensor.bytes(), 6u);
}

}  // namespace
}  // namespace flambeau
