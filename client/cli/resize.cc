#include "cli/resize.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace flambeau::client {
namespace {

// What one pixel of the result is made of, along one side.
struct Weights {
  int first = 0;
  std::vector<float> of;  // they add up to 1
};

// A triangle over each pixel's place, as wide as two of the result's pixels but at least two of
// the source's.
std::vector<Weights> TriangleWeights(int from, int to) {
  const double scale = static_cast<double>(from) / to;
  const double reach = std::max(scale, 1.0);
  std::vector<Weights> all(to);
  for (int i = 0; i < to; ++i) {
    const double centre = (i + 0.5) * scale;
    const int first = std::max(0, static_cast<int>(std::lround(centre - reach)));
    const int end = std::min(from, static_cast<int>(std::lround(centre + reach)));
    double sum = 0;
    for (int at = first; at < end; ++at) {
      const double weight = std::max(0.0, 1 - std::abs(at + 0.5 - centre) / reach);
      all[i].of.push_back(static_cast<float>(weight));
      sum += weight;
    }
    all[i].first = first;
    for (float& weight : all[i].of) weight = static_cast<float>(weight / sum);
  }
  return all;
}

// Weighs `lines`, which lie `stride` bytes apart, into one byte.
char Weigh(const Weights& weights, const char* lines, size_t stride) {
  float sum = 0.5F;  // rounds
  const char* at = lines + weights.first * stride;
  for (const float weight : weights.of) {
    sum += weight * static_cast<float>(static_cast<unsigned char>(*at));
    at += stride;
  }
  return static_cast<char>(static_cast<unsigned char>(std::min(sum, 255.0F)));
}

Image ResizeRows(const Image& image, int width) {
  Image result{width, image.height, image.channels, {}};
  const size_t channels = image.channels;
  result.pixels.reserve(static_cast<size_t>(width) * image.height * channels);
  const std::vector<Weights> weights = TriangleWeights(image.width, width);
  for (int y = 0; y < image.height; ++y) {
    const char* row = image.pixels.data() + channels * image.width * y;
    for (const Weights& pixel : weights) {
      for (size_t c = 0; c < channels; ++c) result.pixels += Weigh(pixel, row + c, channels);
    }
  }
  return result;
}

Image ResizeColumns(const Image& image, int height) {
  Image result{image.width, height, image.channels, {}};
  const size_t row = static_cast<size_t>(image.width) * image.channels;
  result.pixels.reserve(row * height);
  for (const Weights& line : TriangleWeights(image.height, height)) {
    for (size_t x = 0; x < row; ++x) result.pixels += Weigh(line, image.pixels.data() + x, row);
  }
  return result;
}

}  // namespace

Image Resize(const Image& image, int width, int height) {
  return ResizeColumns(ResizeRows(image, width), height);
}

}  // namespace flambeau::client
