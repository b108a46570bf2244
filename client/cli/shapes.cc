#include "cli/shapes.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string_view>
#include <system_error>
#include <utility>

namespace flambeau::client {
namespace {

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

std::string ShapeToText(const std::vector<int64_t>& shape) {
  std::string text;
  for (const int64_t dimension : shape) {
    text += (text.empty() ? "" : ",") + std::to_string(dimension);
  }
  return text;
}

bool IsUnknown(const ModelMetadata& metadata, const std::string& fact) {
  const auto found = metadata.properties.find(fact);
  return found != metadata.properties.end() && found->second == "unknown";
}

}  // namespace flambeau::client
