#include "tensor/tensor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <numeric>

namespace flambeau {
namespace {

Tensor Counting(const Shape& shape) {
  Tensor tensor = *Tensor::Allocate(DType::kFp32, shape);
  auto* data = reinterpret_cast<float*>(tensor.mutable_data());
  std::iota(data, data + tensor.As<float>().size(), 0.0f);
  return tensor;
}

TEST(TensorTest, AllocatesAlignedMemoryOfTheShapesSize) {
  const Tensor tensor = Counting({2, 3});
  EXPECT_EQ(tensor.bytes(), 24u);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor.data()) % 64, 0u);
  EXPECT_EQ(tensor.As<float>()[5], 5.0f);
}

TEST(TensorTest, RefusesSizesThatCannotBe) {
  const Shape huge = {int64_t{1} << 40, int64_t{1} << 40};
  EXPECT_EQ(Tensor::Allocate(DType::kFp32, huge).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Tensor::Allocate(DType::kBytes, {1}).status().code(), StatusCode::kInvalidArgument);
}

TEST(TensorTest, AnEmptyTensorIsValid) {
  const Result<Tensor> tensor = Tensor::Allocate(DType::kFp32, {0, 4});
  ASSERT_TRUE(tensor.ok());
  EXPECT_EQ(tensor->bytes(), 0u);
  EXPECT_EQ(tensor->Rows(0, 0).shape(), (Shape{0, 4}));
}

TEST(TensorTest, RowsShareTheBytes) {
  const Tensor tensor = Counting({4, 2});
  const Tensor rows = tensor.Rows(1, 2);
  EXPECT_EQ(rows.shape(), (Shape{2, 2}));
  EXPECT_EQ(rows.bytes(), 16u);
  EXPECT_EQ(rows.data(), tensor.data() + 8);
  EXPECT_EQ(rows.As<float>()[0], 2.0f);
  EXPECT_EQ(rows.As<float>()[3], 5.0f);
}

TEST(TensorTest, RowsKeepTheBytesAlive) {
  Tensor rows;
  {
    const Tensor tensor = Counting({4, 2});
    rows = tensor.Rows(3, 1);
  }
  EXPECT_EQ(rows.As<float>()[1], 7.0f);
}

TEST(TensorTest, ReshapedSharesTheBytes) {
  const Tensor tensor = Counting({4, 2});
  const Tensor flat = tensor.Reshaped({8});
  EXPECT_EQ(flat.shape(), (Shape{8}));
  EXPECT_EQ(flat.data(), tensor.data());
}

TEST(TensorTest, BytesScalarHoldsALengthAndTheText) {
  const Tensor tensor = BytesScalar("abc");
  EXPECT_EQ(tensor.dtype(), DType::kBytes);
  EXPECT_EQ(tensor.shape(), (Shape{1}));
  ASSERT_EQ(tensor.bytes(), 7u);
  EXPECT_EQ(std::memcmp(tensor.data(), "\x03\0\0\0abc", 7), 0);
}

}  // namespace
}  // namespace flambeau
