#include "cli/image_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace flambeau::client {
namespace {

using testing::HasSubstr;
using Channels = ImageLayout::Channels;

absl::StatusOr<ImageLayout> Choose(std::vector<int64_t> shape, const Shapes& given = {}) {
  return ChooseLayout({"x", "FP32", std::move(shape)}, given, {});
}

TEST(ImageLayoutTest, FindsTheChannels) {
  const ImageLayout first = *Choose({-1, 3, 20, 10});
  EXPECT_EQ(first.batch, -1);
  EXPECT_EQ(first.where, Channels::kFirst);
  EXPECT_EQ(first.channels, 3);
  EXPECT_EQ(first.height, 20);
  EXPECT_EQ(first.width, 10);
  const ImageLayout last = *Choose({4, 20, 10, 1});
  EXPECT_EQ(last.batch, 4);
  EXPECT_EQ(last.where, Channels::kLast);
  EXPECT_EQ(last.channels, 1);
  EXPECT_EQ(last.height, 20);
  EXPECT_EQ(last.width, 10);
}

TEST(ImageLayoutTest, TakesThreeDimensionsAsTheyAre) {
  const ImageLayout one = *Choose({1, 20, 10});
  EXPECT_FALSE(one.batch.has_value());
  EXPECT_EQ(one.where, Channels::kFirst);
  const ImageLayout last = *Choose({-1, -1, 3});
  EXPECT_FALSE(last.batch.has_value());
  EXPECT_EQ(last.where, Channels::kLast);
  EXPECT_EQ(last.height, -1);
  const ImageLayout grey = *Choose({-1, 20, 10});
  EXPECT_EQ(grey.batch, -1);
  EXPECT_EQ(grey.where, Channels::kNone);
  EXPECT_EQ(grey.height, 20);
}

TEST(ImageLayoutTest, AGivenShapeTakesThePlaceOfTheMetadatas) {
  EXPECT_EQ(Choose({-1, 3, -1, -1}, {{"x", {1, 3, 224, 224}}})->height, 224);
  EXPECT_EQ(Choose({-1, 3, -1, -1}, {{"y", {1, 3, 224, 224}}})->height, -1);
}

TEST(ImageLayoutTest, SaysWhatIsNoPicture) {
  for (const auto& shape : std::vector<std::vector<int64_t>>{
           {}, {-1}, {-1, 10}, {-1, 2, 8, 8}, {-1, -1, -1, -1}, {1, 1, 3, 8, 8}}) {
    EXPECT_THAT(std::string(Choose(shape).status().message()), HasSubstr("no picture's"))
        << ShapeToText(shape);
  }
  EXPECT_THAT(std::string(Choose({-1, 3, 0, 8}).status().message()), HasSubstr("64 million"));
  EXPECT_THAT(std::string(Choose({-1, 3, 1'000'000, 1'000'000}).status().message()),
              HasSubstr("64 million"));
  ModelMetadata unknown;
  unknown.properties["inputs.x.shape"] = "unknown";
  EXPECT_THAT(std::string(ChooseLayout({"x", "FP32", {-1}}, {}, unknown).status().message()),
              HasSubstr("no known shape; give one: --shape x=1,3,224,224"));
}

}  // namespace
}  // namespace flambeau::client
