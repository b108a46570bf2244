// A file of golden examples as it grows.
#pragma once

#include <cstddef>
#include <set>
#include <string>

#include "absl/status/status.h"

namespace flambeau::client {

inline constexpr size_t kMaxExamples = 1024;  // as many as a server takes

// Threads: one at a time. Lifetime: a value. Errors: as each method says.
class ExampleFile {
 public:
  // `method` empty: forward.
  ExampleFile(std::string path, std::string method);

  // A body of /predict and its answer. A request that is there already is passed over.
  // Errors: INVALID_ARGUMENT if `response` has NaN or an infinity, which JSON lacks.
  absl::Status Add(const std::string& request, const std::string& response);
  // The file is the old one or the new one at any moment.
  // Errors: INVALID_ARGUMENT if it cannot be written.
  absl::Status Save() const;
  size_t size() const { return requests_.size(); }
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
  const std::string method_;
  std::set<std::string> requests_;
  std::string text_;
};

}  // namespace flambeau::client
