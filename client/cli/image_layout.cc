#include "cli/image_layout.h"

#include <algorithm>
#include <string>
#include <vector>

namespace flambeau::client {
namespace {

constexpr int64_t kMostPixels = 64'000'000;

bool IsChannels(int64_t dimension) { return dimension == 1 || dimension == 3; }

std::optional<ImageLayout> LayoutOf(std::vector<int64_t> shape) {
  ImageLayout layout;
  const bool grey = shape.size() == 3 && shape[0] == -1 && !IsChannels(shape[2]);
  if (shape.size() == 4 || grey) {
    layout.batch = shape.front();
    shape.erase(shape.begin());
  }
  if (grey) return ImageLayout{layout.batch, ImageLayout::Channels::kNone, 1, shape[0], shape[1]};
  if (shape.size() != 3) return std::nullopt;
  if (!IsChannels(shape[0])) {
    layout.where = ImageLayout::Channels::kLast;
    std::rotate(shape.begin(), shape.end() - 1, shape.end());
  }
  if (!IsChannels(shape[0])) return std::nullopt;
  layout.channels = static_cast<int>(shape[0]);
  layout.height = shape[1];
  layout.width = shape[2];
  return layout;
}

absl::Status Mistake(const std::string& input, const std::string& what) {
  return absl::InvalidArgumentError("input '" + input + "' " + what);
}

}  // namespace

absl::StatusOr<ImageLayout> ChooseLayout(const TensorMetadata& input, const Shapes& shapes,
                                         const ModelMetadata& metadata) {
  const auto given = shapes.find(input.name);
  const std::string example = "; give one: --shape " + input.name + "=1,3,224,224";
  if (given == shapes.end() && IsUnknown(metadata, "inputs." + input.name + ".shape")) {
    return Mistake(input.name, "has no known shape" + example);
  }
  const std::vector<int64_t>& shape = given == shapes.end() ? input.shape : given->second;
  const std::optional<ImageLayout> layout = LayoutOf(shape);
  if (!layout) {
    return Mistake(input.name, "has the shape [" + ShapeToText(shape) +
                                   "], which is no picture's: that has 1 or 3 channels before or "
                                   "behind height and width" +
                                   (given == shapes.end() ? example : ""));
  }
  if (layout->height == 0 || layout->width == 0 ||
      layout->height > kMostPixels / std::max<int64_t>(layout->width, 1)) {
    return Mistake(input.name, "has the shape [" + ShapeToText(shape) +
                                   "], which is not between 1 and 64 million pixels");
  }
  return *layout;
}

}  // namespace flambeau::client
