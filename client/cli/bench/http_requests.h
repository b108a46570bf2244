// A request in the forms that HTTP servers of models take.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "flambeau/client.h"

namespace flambeau::client {

struct HttpRequest {
  std::string path;
  std::string headers;  // lines with their ends: the content's type and the like
  std::string body;

  std::string Bytes(const std::string& host) const;  // POST, HTTP/1.1
};

// "/v2/models/<model>/versions/<version>"; `version` may be empty.
std::string ModelPath(const std::string& model, const std::string& version);

// The Open Inference Protocol's, tensors as binary data both ways, or as JSON.
HttpRequest MakeBinaryRequest(const InferRequest& request);
// Errors: INVALID_ARGUMENT if a tensor's bytes do not fit its shape.
absl::StatusOr<HttpRequest> MakeJsonRequest(const InferRequest& request);
// Of /predict. Errors: as above.
absl::StatusOr<HttpRequest> MakePredictRequest(const InferRequest& request);
// The same with an input as a user wrote it: an object by name, or anything else for the only one.
HttpRequest MakePredictRequest(const std::string& model, const std::string& version,
                               const std::string& input);

}  // namespace flambeau::client
