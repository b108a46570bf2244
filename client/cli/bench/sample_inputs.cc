#include "cli/bench/sample_inputs.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <random>
#include <string_view>
#include <utility>

#include "cli/json_tensor.h"

namespace flambeau::client {
namespace {

constexpr int64_t kMaxElements = int64_t{1} << 26;
constexpr int64_t kAtOnce = 4096;  // elements

bool IsUnknown(const ModelMetadata& metadata, const std::string& fact) {
  const auto found = metadata.properties.find(fact);
  return found != metadata.properties.end() && found->second == "unknown";
}

std::string ToText(const std::vector<int64_t>& shape) {
  std::string text;
  for (const int64_t dimension : shape) {
    text += (text.empty() ? "" : ",") + std::to_string(dimension);
  }
  return text;
}

bool ParseDimensions(std::string_view text, std::vector<int64_t>* shape) {
  while (true) {
    int64_t dimension = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), dimension);
    if (error != std::errc() || dimension < 0) return false;
    shape->push_back(dimension);
    text.remove_prefix(end - text.data());
    if (text.empty()) return true;
    if (text.front() != ',') return false;
    text.remove_prefix(1);
  }
}

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
    if (dimension < 0) return needs_flag("the shape [" + ToText(input.shape) + "]");
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

// A flag that names no input is a mistake, not to be passed over.
absl::Status CheckNames(const ModelMetadata& metadata, const Shapes& shapes) {
  for (const auto& entry : shapes) {
    const std::string& name = entry.first;
    const bool known = std::any_of(metadata.inputs.begin(), metadata.inputs.end(),
                                   [&](const auto& input) { return input.name == name; });
    if (known) continue;
    return absl::InvalidArgumentError("model '" + metadata.name + "' has no input '" + name +
                                      "', which --shape names");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Shapes> ParseShapes(const std::vector<std::string>& flags) {
  Shapes shapes;
  for (const std::string& flag : flags) {
    const size_t sign = flag.rfind('=');
    std::vector<int64_t> shape;
    if (sign == std::string::npos || sign == 0 ||
        !ParseDimensions(std::string_view(flag).substr(sign + 1), &shape)) {
      return absl::InvalidArgumentError("--shape '" + flag +
                                        "' is not written as NAME=1,3,224,224");
    }
    shapes[flag.substr(0, sign)] = std::move(shape);
  }
  return shapes;
}

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
