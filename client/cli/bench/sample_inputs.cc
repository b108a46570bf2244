#include "cli/bench/sample_inputs.h"

#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <random>
#include <utility>

#include "cli/json_tensor.h"

namespace flambeau::client {
namespace {

constexpr int64_t kMaxElements = int64_t{1} << 26;
constexpr int64_t kAtOnce = 4096;  // elements

absl::StatusOr<std::vector<int64_t>> ChooseShape(const TensorMetadata& input,
                                                 const ModelMetadata& metadata,
                                                 const Shapes& shapes) {
  if (const auto given = shapes.find(input.name); given != shapes.end()) return given->second;
  const auto needs_flag = [&input](const std::string& what) {
    return absl::InvalidArgumentError("input '" + input.name + "' has " + what +
                                      "; give one: --shape " + input.name + "=1,3,224,224");
  };
  if (IsUnknown(metadata, "inputs." + input.name + ".shape")) return needs_flag("no known shape");
  std::vector<int64_t> shape = input.shape;
  if (!shape.empty() && shape.front() == -1) shape.front() = 1;
  for (const int64_t dimension : shape) {
    if (dimension < 0) return needs_flag("the shape [" + ShapeToText(input.shape) + "]");
  }
  return shape;
}

absl::StatusOr<int64_t> CountElements(const std::string& name, const std::vector<int64_t>& shape) {
  int64_t count = 1;
  for (const int64_t dimension : shape) {
    if (dimension > 0 && count > kMaxElements / dimension) {
      return absl::InvalidArgumentError("input '" + name + "' has more than " +
                                        std::to_string(kMaxElements) +
                                        " elements; give it a smaller --shape");
    }
    count *= dimension;
  }
  return count;
}

nlohmann::json Element(const std::string& datatype, bool random, double value) {
  if (datatype == "BYTES") return "a";
  if (datatype == "BOOL") return random && value >= 0.5;
  if (datatype.starts_with("FP") || datatype == "BF16") return random ? value : 0.0;
  return random && value >= 0.5 ? 1U : 0U;  // unsigned ones fit every integer
}

// By way of JSON, which knows every datatype, a part at a time.
absl::StatusOr<Tensor> MakeSample(const std::string& name, const std::string& datatype,
                                  std::vector<int64_t> shape, int64_t count, SampleData data,
                                  std::mt19937_64* random) {
  std::uniform_real_distribution<double> uniform(0, 1);
  Tensor sample{name, datatype, std::move(shape), {}};
  while (count > 0) {
    nlohmann::json elements = nlohmann::json::array();
    const int64_t part = std::min(count, kAtOnce);
    for (int64_t i = 0; i < part; ++i) {
      elements.push_back(Element(datatype, data == SampleData::kRandom, uniform(*random)));
    }
    const absl::StatusOr<Tensor> tensor = TensorFromJson(name, datatype, elements);
    if (!tensor.ok()) return tensor.status();
    sample.bytes += tensor->bytes;
    count -= part;
  }
  return sample;
}

}  // namespace

absl::StatusOr<std::vector<Tensor>> MakeSampleInputs(const ModelMetadata& metadata,
                                                     const Shapes& shapes, SampleData data) {
  if (const absl::Status named = CheckNames(metadata, shapes); !named.ok()) return named;
  std::mt19937_64 random(1);
  std::vector<Tensor> inputs;
  for (const TensorMetadata& input : metadata.inputs) {
    absl::StatusOr<std::vector<int64_t>> shape = ChooseShape(input, metadata, shapes);
    if (!shape.ok()) return shape.status();
    const absl::StatusOr<int64_t> count = CountElements(input.name, *shape);
    if (!count.ok()) return count.status();
    const bool unknown = IsUnknown(metadata, "inputs." + input.name + ".datatype");
    absl::StatusOr<Tensor> tensor = MakeSample(input.name, unknown ? "FP32" : input.datatype,
                                               *std::move(shape), *count, data, &random);
    if (!tensor.ok()) return tensor.status();
    inputs.push_back(*std::move(tensor));
  }
  return inputs;
}

}  // namespace flambeau::client
