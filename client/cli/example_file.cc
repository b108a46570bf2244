#include "cli/example_file.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "cli/files.h"

namespace flambeau::client {

using nlohmann::json;

ExampleFile::ExampleFile(std::string path, std::string method)
    : path_(std::move(path)), method_(std::move(method)) {}

absl::Status ExampleFile::Add(const std::string& request, const std::string& response) {
  if (!json::accept(response)) {
    return absl::InvalidArgumentError(
        "the answer has NaN or an infinity, which no example can hold");
  }
  if (!requests_.insert(request).second) return absl::OkStatus();
  text_ += text_.empty() ? "\n  {" : ",\n  {";
  if (!method_.empty()) text_ += "\"method\": " + json(method_).dump() + ", ";
  text_ += "\"request\": " + request + ",\n   \"response\": " + response + "}";
  return absl::OkStatus();
}

absl::Status ExampleFile::Save() const { return ReplaceFile(path_, "[" + text_ + "\n]\n"); }

}  // namespace flambeau::client
