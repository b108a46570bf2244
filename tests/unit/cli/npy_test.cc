#include "cli/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace flambeau::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// As numpy writes it, without the padding that readers pass over.
std::string File(const std::string& header, const std::string& data) {
  return std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(header.size()) + '\0' + header +
         data;
}

std::string Header(const std::string& descr, const std::string& shape) {
  return "{'descr': '" + descr + "', 'fortran_order': False, 'shape': " + shape + ", }  \n";
}

TEST(NpyTest, ReadsWhatNumpyWrites) {
  const auto tensor = TensorFromNpy("x", File(Header("<i2", "(2, 1)"), std::string("\1\0\2\0", 4)));
  ASSERT_TRUE(tensor.ok()) << tensor.status();
  EXPECT_EQ(tensor->name, "x");
  EXPECT_EQ(tensor->datatype, "INT16");
  EXPECT_THAT(tensor->shape, ElementsAre(2, 1));
  EXPECT_EQ(tensor->bytes, std::string("\1\0\2\0", 4));
  EXPECT_THAT(TensorFromNpy("x", File(Header("|b1", "(3,)"), std::string(3, '\1')))->shape,
              ElementsAre(3));
  EXPECT_TRUE(TensorFromNpy("x", File(Header("<f8", "()"), std::string(8, '\0')))->shape.empty());
  EXPECT_THAT(TensorFromNpy("x", File(Header("<f4", "(0, 7)"), ""))->shape, ElementsAre(0, 7));
}

TEST(NpyTest, ReadsALongHeader) {
  const std::string header = Header("|u1", "(1,)");
  const std::string file = std::string("\x93NUMPY\x02\x00", 8) + static_cast<char>(header.size()) +
                           std::string(3, '\0') + header + "a";
  const auto tensor = TensorFromNpy("x", file);
  ASSERT_TRUE(tensor.ok()) << tensor.status();
  EXPECT_EQ(tensor->bytes, "a");
}

TEST(NpyTest, ComesBackAligned) {
  for (const char* datatype : {"BOOL", "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16",
                               "UINT32", "UINT64", "FP16", "FP32", "FP64"}) {
    Tensor tensor{"x", datatype, {0, 2}, ""};
    const auto file = TensorToNpy(tensor);
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_EQ(file->size() % 64, 0U);
    EXPECT_EQ(file->back(), '\n');
    const auto back = TensorFromNpy("y", *file);
    ASSERT_TRUE(back.ok()) << back.status();
    EXPECT_EQ(back->datatype, datatype);
    EXPECT_THAT(back->shape, ElementsAre(0, 2));
  }
  const Tensor row = MakeTensor("x", {2}, std::vector<float>{1, 2});
  EXPECT_EQ(TensorFromNpy("x", *TensorToNpy(row))->bytes, row.bytes);
}

TEST(NpyTest, SaysWhatIsWrong) {
  const auto sentence = [](const std::string& file) {
    const auto tensor = TensorFromNpy("x", file);
    return tensor.ok() ? std::string("ok") : std::string(tensor.status().message());
  };
  EXPECT_THAT(sentence("PK"), HasSubstr("is no .npy file"));
  EXPECT_THAT(sentence("\x93NUMPY"), HasSubstr("is no .npy file"));
  EXPECT_THAT(sentence(File(Header("<f4", "(1,)"), "").substr(0, 20)),
              HasSubstr("is no .npy file"));
  EXPECT_EQ(sentence(File(Header(">f4", "(1,)"), "1234")),
            "the file for 'x' has elements of numpy's type '>f4'; use a "
            "little-endian number or bool");
  EXPECT_THAT(sentence(File("{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }", "1234")),
              HasSubstr("numpy.ascontiguousarray"));
  for (const char* shape : {"(2,)", "(1, 2)", "(-1,)", "(x,)", "7", "(4611686018427387904, 4)"}) {
    EXPECT_THAT(sentence(File(Header("<f4", shape), "1234")), HasSubstr("as its shape has"))
        << shape;
  }
  EXPECT_THAT(std::string(TensorToNpy({"y", "BF16", {0}, ""}).status().message()),
              HasSubstr("output 'y' has datatype BF16"));
}

}  // namespace
}  // namespace flambeau::client
