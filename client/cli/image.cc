#include "cli/image.h"

#include <png.h>
#include <turbojpeg.h>

#include <cstddef>
#include <memory>

namespace flambeau::client {
namespace {

constexpr int64_t kMostPixels = 64'000'000;
constexpr std::string_view kPngStart = "\x89PNG\r\n";
constexpr std::string_view kJpegStart = "\xFF\xD8\xFF";

absl::Status Mistake(const std::string& path, const std::string& what) {
  return absl::InvalidArgumentError("the picture '" + path + "' " + what);
}

absl::Status CannotBeRead(const std::string& path, const std::string& why) {
  return Mistake(path, "cannot be read: " + why);
}

// Before anything is allocated for its pixels.
absl::Status CheckSize(const std::string& path, int64_t width, int64_t height) {
  if (width > 0 && height > 0 && height <= kMostPixels / width) return absl::OkStatus();
  return Mistake(path, "has " + std::to_string(width) + " x " + std::to_string(height) +
                           " pixels, more than 64 million; make it smaller");
}

struct PngReader : png_image {
  PngReader() : png_image() { version = PNG_IMAGE_VERSION; }
  ~PngReader() { png_image_free(this); }
};

// Red, green, blue and alpha: libpng would blend where it is to drop alpha.
absl::StatusOr<Image> DecodePng(const std::string& path, std::string_view bytes) {
  PngReader png;
  if (png_image_begin_read_from_memory(&png, bytes.data(), bytes.size()) == 0) {
    return CannotBeRead(path, png.message);
  }
  if (const absl::Status size = CheckSize(path, png.width, png.height); !size.ok()) return size;
  png.format = PNG_FORMAT_RGBA;
  png.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
  Image image{static_cast<int>(png.width), static_cast<int>(png.height), 4, {}};
  image.pixels.resize(PNG_IMAGE_SIZE(png));
  if (png_image_finish_read(&png, nullptr, image.pixels.data(), 0, nullptr) == 0) {
    return CannotBeRead(path, png.message);
  }
  return image;
}

absl::StatusOr<Image> DecodeJpeg(const std::string& path, std::string_view bytes) {
  const std::unique_ptr<void, int (*)(void*)> jpeg(tjInitDecompress(), tjDestroy);
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  Image image{0, 0, 3, {}};
  int subsampling = 0;
  int colours = 0;
  if (tjDecompressHeader3(jpeg.get(), data, bytes.size(), &image.width, &image.height, &subsampling,
                          &colours) != 0) {
    return CannotBeRead(path, tjGetErrorStr2(jpeg.get()));
  }
  if (const absl::Status size = CheckSize(path, image.width, image.height); !size.ok()) return size;
  image.pixels.resize(static_cast<size_t>(image.width) * image.height * image.channels);
  // A warning, too, means that pixels are missing.
  if (tjDecompress2(jpeg.get(), data, bytes.size(),
                    reinterpret_cast<unsigned char*>(image.pixels.data()), image.width, 0,
                    image.height, TJPF_RGB, TJFLAG_STOPONWARNING) != 0) {
    return CannotBeRead(path, tjGetErrorStr2(jpeg.get()));
  }
  return image;
}

// Of ITU-R 601, as Pillow and PyTorch have it, in 1/65536.
char Grey(const unsigned char* rgb) {
  return static_cast<char>((rgb[0] * 19595U + rgb[1] * 38470U + rgb[2] * 7471U + 0x8000U) >> 16);
}

Image WithChannels(const Image& image, int channels) {
  Image result{image.width, image.height, channels, {}};
  const size_t count = static_cast<size_t>(image.width) * image.height;
  result.pixels.reserve(count * channels);
  for (size_t i = 0; i < count; ++i) {
    const char* pixel = &image.pixels[i * image.channels];
    if (channels == 1) {
      result.pixels.push_back(Grey(reinterpret_cast<const unsigned char*>(pixel)));
    } else {
      result.pixels.append(pixel, channels);
    }
  }
  return result;
}

}  // namespace

absl::StatusOr<Image> DecodeImage(const std::string& path, std::string_view bytes, int channels) {
  const bool jpeg = bytes.starts_with(kJpegStart);
  if (!jpeg && !bytes.starts_with(kPngStart)) {
    return Mistake(path, "is neither PNG nor JPEG; convert it");
  }
  const absl::StatusOr<Image> image = jpeg ? DecodeJpeg(path, bytes) : DecodePng(path, bytes);
  if (!image.ok()) return image;
  return WithChannels(*image, channels);
}

}  // namespace flambeau::client
