// Pictures of another size.
#pragma once

#include "cli/image.h"

namespace flambeau::client {

// To that size, whatever its proportions, as the bilinear filters of Pillow and PyTorch (with
// antialiasing) do. Errors: none.
Image Resize(const Image& image, int width, int height);

}  // namespace flambeau::client
