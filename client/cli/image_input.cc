#include "cli/image_input.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "cli/files.h"
#include "cli/image.h"
#include "cli/image_layout.h"
#include "cli/resize.h"

namespace flambeau::client {
namespace {

constexpr size_t kMostBytes = size_t{256} << 20;
constexpr float kWhite = 255;

absl::Status Mistake(const std::string& input, const std::string& what) {
  return absl::InvalidArgumentError("input '" + input + "' " + what);
}

bool FitsChannels(const std::vector<double>& values, int channels) {
  return values.size() <= 1 || values.size() == static_cast<size_t>(channels);
}

double ValueFor(const std::vector<double>& values, int channel, double otherwise) {
  if (values.empty()) return otherwise;
  return values.size() == 1 ? values.front() : values[channel];
}

// The tensor of one input, picture by picture.
class Filler {
 public:
  Filler(ImageLayout layout, const ImageOptions& options, Tensor* tensor)
      : layout_(layout), options_(options), tensor_(tensor) {}

  absl::Status Add(const ImageFile& file, std::vector<std::string>* notes);
  void SetShape(int64_t pictures);

 private:
  Image Fit(Image image, const std::string& path, std::vector<std::string>* notes);
  void AppendElement(const Image& image, size_t pixel, int channel);

  ImageLayout layout_;  // once the first picture is there, with its size
  const ImageOptions& options_;
  Tensor* const tensor_;
};

Image Filler::Fit(Image image, const std::string& path, std::vector<std::string>* notes) {
  if (layout_.height == -1) layout_.height = image.height;
  if (layout_.width == -1) layout_.width = image.width;
  if (image.height == layout_.height && image.width == layout_.width) return image;
  const auto size = [](int64_t width, int64_t height) {
    return std::to_string(width) + " x " + std::to_string(height);
  };
  notes->push_back(path + ": " + size(image.width, image.height) + " resized to " +
                   size(layout_.width, layout_.height));
  return Resize(image, static_cast<int>(layout_.width), static_cast<int>(layout_.height));
}

void Filler::AppendElement(const Image& image, size_t pixel, int channel) {
  const char byte = image.pixels[pixel * image.channels + channel];
  if (tensor_->datatype == "UINT8") {
    tensor_->bytes.push_back(byte);
    return;
  }
  const float unit = static_cast<float>(static_cast<uint8_t>(byte)) / kWhite;
  const auto mean = static_cast<float>(ValueFor(options_.mean, channel, 0));
  const auto std = static_cast<float>(ValueFor(options_.std, channel, 1));
  const float value = (unit - mean) / std;
  tensor_->bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

absl::Status Filler::Add(const ImageFile& file, std::vector<std::string>* notes) {
  absl::StatusOr<Image> image = DecodeImage(file.path, file.bytes, layout_.channels);
  if (!image.ok()) return image.status();
  const Image fitting = Fit(*std::move(image), file.path, notes);
  const size_t pixels = static_cast<size_t>(fitting.width) * fitting.height;
  if (layout_.where == ImageLayout::Channels::kLast) {
    for (size_t pixel = 0; pixel < pixels; ++pixel) {
      for (int c = 0; c < fitting.channels; ++c) AppendElement(fitting, pixel, c);
    }
    return absl::OkStatus();
  }
  for (int c = 0; c < fitting.channels; ++c) {
    for (size_t pixel = 0; pixel < pixels; ++pixel) AppendElement(fitting, pixel, c);
  }
  return absl::OkStatus();
}

void Filler::SetShape(int64_t pictures) {
  std::vector<int64_t>& shape = tensor_->shape;
  if (layout_.batch) shape.push_back(pictures);
  if (layout_.where == ImageLayout::Channels::kFirst) shape.push_back(layout_.channels);
  shape.insert(shape.end(), {layout_.height, layout_.width});
  if (layout_.where == ImageLayout::Channels::kLast) shape.push_back(layout_.channels);
}

absl::Status CheckOptions(const TensorMetadata& input, const ImageLayout& layout,
                          const std::string& datatype, const ImageOptions& options) {
  if (datatype != "FP32" && datatype != "UINT8") {
    return Mistake(input.name, "takes " + datatype +
                                   "; a picture becomes FP32 or UINT8: make the array yourself and "
                                   "send it by --input " +
                                   input.name + "=@FILE.npy");
  }
  if (datatype == "UINT8" && !(options.mean.empty() && options.std.empty())) {
    return Mistake(input.name, "takes UINT8, which has no --mean and no --std; leave them out");
  }
  if (FitsChannels(options.mean, layout.channels) && FitsChannels(options.std, layout.channels)) {
    return absl::OkStatus();
  }
  return Mistake(input.name, "has " + std::to_string(layout.channels) +
                                 (layout.channels == 1 ? " channel" : " channels") +
                                 "; give as many values, or one, to --mean and --std");
}

absl::Status CheckCount(const std::string& input, const std::optional<int64_t>& batch,
                        size_t pictures) {
  if (!batch && pictures == 1) return absl::OkStatus();
  if (batch && (*batch == -1 || *batch == static_cast<int64_t>(pictures))) return absl::OkStatus();
  return Mistake(input,
                 (batch ? "takes a batch of " + std::to_string(*batch) : "takes one picture") +
                     ", and there are " + std::to_string(pictures));
}

absl::StatusOr<Tensor> MakeTensorOf(const TensorMetadata& input,
                                    const std::vector<const ImageFile*>& files,
                                    const ImageOptions& options, const ModelMetadata& metadata,
                                    std::vector<std::string>* notes) {
  absl::StatusOr<ImageLayout> layout = ChooseLayout(input, options.shapes, metadata);
  if (!layout.ok()) return layout.status();
  Tensor tensor{input.name, input.datatype, {}, {}};
  if (IsUnknown(metadata, "inputs." + input.name + ".datatype")) tensor.datatype = "FP32";
  absl::Status status = CheckOptions(input, *layout, tensor.datatype, options);
  if (status.ok()) status = CheckCount(input.name, layout->batch, files.size());
  Filler filler(*layout, options, &tensor);
  for (const ImageFile* file : files) {
    if (status.ok()) status = filler.Add(*file, notes);
  }
  if (!status.ok()) return status;
  filler.SetShape(static_cast<int64_t>(files.size()));
  return tensor;
}

absl::Status CheckInputs(const std::vector<ImageFile>& files, const ModelMetadata& metadata) {
  for (const ImageFile& file : files) {
    if (file.input.empty() && metadata.inputs.size() == 1) continue;
    const bool known = std::any_of(metadata.inputs.begin(), metadata.inputs.end(),
                                   [&](const auto& input) { return input.name == file.input; });
    if (known) continue;
    std::string names;
    for (const TensorMetadata& input : metadata.inputs) names += " " + input.name;
    return absl::InvalidArgumentError("model '" + metadata.name + "' has the inputs" + names +
                                      "; write --image NAME=FILE with one of them");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<ImageFile>> ReadImages(const std::vector<std::string>& flags) {
  std::vector<ImageFile> files;
  for (const std::string& flag : flags) {
    // A path may hold the sign as well, behind a slash.
    const size_t sign = flag.find_first_of("=/");
    const bool named = sign != std::string::npos && flag[sign] == '=';
    ImageFile file{named ? flag.substr(0, sign) : "", named ? flag.substr(sign + 1) : flag, {}};
    absl::StatusOr<std::string> bytes = ReadFile(file.path, kMostBytes);
    if (!bytes.ok()) return bytes.status();
    file.bytes = *std::move(bytes);
    files.push_back(std::move(file));
  }
  return files;
}

absl::StatusOr<ImageInputs> MakeImageInputs(const std::vector<ImageFile>& files,
                                            const ImageOptions& options,
                                            const ModelMetadata& metadata) {
  if (const absl::Status status = CheckInputs(files, metadata); !status.ok()) return status;
  if (const absl::Status status = CheckNames(metadata, options.shapes); !status.ok()) return status;
  ImageInputs inputs;
  for (const TensorMetadata& input : metadata.inputs) {
    std::vector<const ImageFile*> pictures;
    for (const ImageFile& file : files) {
      if (file.input.empty() || file.input == input.name) pictures.push_back(&file);
    }
    if (pictures.empty()) continue;
    absl::StatusOr<Tensor> tensor = MakeTensorOf(input, pictures, options, metadata, &inputs.notes);
    if (!tensor.ok()) return tensor.status();
    inputs.tensors.push_back(*std::move(tensor));
  }
  return inputs;
}

}  // namespace flambeau::client
