// Pictures as inputs of a model: in the layout, size and datatype that its metadata asks for.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/shapes.h"
#include "flambeau/client.h"

namespace flambeau::client {

struct ImageFile {
  std::string input;  // empty: the model's only one
  std::string path;
  std::string bytes;
};

struct ImageOptions {
  Shapes shapes;  // by input, in place of the metadata's
  // (x - mean) / std of values from 0 to 1: one for each channel, or one for all, or none.
  std::vector<double> mean;
  std::vector<double> std;
};

struct ImageInputs {
  std::vector<Tensor> tensors;
  std::vector<std::string> notes;  // for people: which picture was resized
};

// "FILE" or "NAME=FILE". Errors: INVALID_ARGUMENT, one sentence: no such file.
absl::StatusOr<std::vector<ImageFile>> ReadImages(const std::vector<std::string>& flags);

// A tensor for each input that is named: one picture, or several as a batch.
// Errors: INVALID_ARGUMENT, one sentence: no such input, one that takes no pictures, a file that is
// broken.
absl::StatusOr<ImageInputs> MakeImageInputs(const std::vector<ImageFile>& files,
                                            const ImageOptions& options,
                                            const ModelMetadata& metadata);

}  // namespace flambeau::client
