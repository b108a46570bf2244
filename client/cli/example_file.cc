#include "cli/example_file.h"

#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

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

absl::Status ExampleFile::Save() const {
  const std::string partial = path_ + ".partial";
  std::ofstream file(partial, std::ios::binary | std::ios::trunc);
  file << "[" << text_ << "\n]\n";
  file.close();
  if (file.good() && std::rename(partial.c_str(), path_.c_str()) == 0) return absl::OkStatus();
  return absl::InvalidArgumentError("'" + path_ + "' cannot be written");
}

}  // namespace flambeau::client
