// flambeau models label and unlabel: what routing.json in a model's directory says.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "flambeau/client.h"

namespace flambeau::client {

struct LabelOptions {
  std::string directory;  // the server's models
  std::string model;
  std::string label;
  std::string version;          // empty: the label is taken away
  std::optional<double> share;  // percent of the requests that name no version; none: as it was
  bool no_wait = false;         // write the file and ask nobody
};

// The text of routing.json once `options` is done. Everything else in it stays.
// Errors: INVALID_ARGUMENT, one sentence: `text` is no such file, or the change would make it one
// that a server refuses.
absl::StatusOr<std::string> EditRouting(const std::string& text, const LabelOptions& options);

// Replaces the file; the server need not be there. Errors: INVALID_ARGUMENT, one sentence: no such
// directory or version, a file that cannot be edited.
absl::Status WriteLabel(const LabelOptions& options);

// Has the server read it anew where it does not watch, and waits until the label is in force.
// Errors: the server's; DEADLINE_EXCEEDED, with what the server says of the version.
absl::Status AwaitLabel(Client* client, const LabelOptions& options,
                        std::chrono::milliseconds timeout);

}  // namespace flambeau::client
