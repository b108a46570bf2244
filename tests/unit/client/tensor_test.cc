#include "flambeau/tensor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

namespace flambeau::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <typename T>
void ComesBack(const std::string& datatype, const std::vector<T>& elements) {
  const Tensor tensor = MakeTensor("x", {static_cast<int64_t>(elements.size())}, elements);
  EXPECT_EQ(tensor.datatype, datatype);
  const auto read = Elements<T>(tensor);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, elements) << datatype;
}

TEST(TensorTest, EveryTypeComesBack) {
  ComesBack<bool>("BOOL", {true, false, true});
  ComesBack<float>("FP32", {0.5F, -1e30F});
  ComesBack<double>("FP64", {0.1, -1e300});
  ComesBack<int8_t>("INT8", {-128, 127});
  ComesBack<int16_t>("INT16", {-32768, 32767});
  ComesBack<int32_t>("INT32", {std::numeric_limits<int32_t>::min(), 7});
  ComesBack<int64_t>("INT64", {std::numeric_limits<int64_t>::min(), 7});
  ComesBack<uint8_t>("UINT8", {0, 255});
  ComesBack<uint16_t>("UINT16", {0, 65535});
  ComesBack<uint32_t>("UINT32", {0, std::numeric_limits<uint32_t>::max()});
  ComesBack<uint64_t>("UINT64", {0, std::numeric_limits<uint64_t>::max()});
  ComesBack<std::string>("BYTES", {"", "a", std::string("b\0c", 3)});
  ComesBack<float>("FP32", {});
}

TEST(TensorTest, BytesAreTheProtocols) {
  EXPECT_EQ(MakeTensor("x", {2}, std::vector<int16_t>{1, -2}).bytes,
            std::string("\1\0\xFE\xFF", 4));
  EXPECT_EQ(MakeTensor("x", {1}, std::vector<std::string>{"ab"}).bytes,
            std::string("\2\0\0\0ab", 6));
  EXPECT_EQ(MakeTensor("x", {2}, std::vector<bool>{true, false}).bytes, std::string("\1\0", 2));
  EXPECT_THAT(MakeTensor("x", {2, 1}, std::vector<bool>{true, false}).shape, ElementsAre(2, 1));
}

TEST(TensorTest, RefusesWhatDoesNotFit) {
  const auto says = [](const auto& elements) {
    return elements.ok() ? std::string("read") : std::string(elements.status().message());
  };
  Tensor tensor = MakeTensor("y", {2}, std::vector<float>{1, 2});
  EXPECT_EQ(says(Elements<double>(tensor)), "tensor 'y' is FP32, not FP64");
  tensor.shape = {3};
  EXPECT_EQ(says(Elements<float>(tensor)), "tensor 'y' has 8 bytes, which do not fit its shape");
  for (const std::vector<int64_t>& shape :
       {std::vector<int64_t>{-2}, {-1, -2}, {int64_t{1} << 62, 8}, {1}, {}}) {
    tensor.shape = shape;
    EXPECT_THAT(says(Elements<float>(tensor)), HasSubstr("do not fit"));
  }
  tensor.shape = {2};
  tensor.shared_memory = {"region", 0, 8};
  EXPECT_THAT(says(Elements<float>(tensor)), HasSubstr("shared memory"));

  Tensor texts = MakeTensor("t", {1}, std::vector<std::string>{"ab"});
  texts.bytes.pop_back();
  EXPECT_THAT(says(Elements<std::string>(texts)), HasSubstr("do not fit"));
  texts.bytes = "\xFF\xFF";
  EXPECT_THAT(says(Elements<std::string>(texts)), HasSubstr("do not fit"));
  texts = MakeTensor("t", {2}, std::vector<std::string>{"ab"});
  EXPECT_THAT(says(Elements<std::string>(texts)), HasSubstr("do not fit"));
}

}  // namespace
}  // namespace flambeau::client
