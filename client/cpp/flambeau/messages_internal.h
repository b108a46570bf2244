// The protocol's messages to and from the structs of the public headers.
#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "flambeau/attempts_internal.h"
#include "flambeau/infer.h"
#include "flambeau/model.h"
#include "proto/inference.pb.h"

namespace flambeau::client {

// `cancelled`: by us. A call that is cancelled otherwise was cut off by a balancer whose server
// went away, and is UNAVAILABLE.
absl::Status ToStatus(const grpc::Status& status, bool cancelled);

// Of a call that has ended.
Pushback PushbackOf(const grpc::ClientContext& context);

// Leaves `deadline` to `context`.
void SetDeadline(TimePoint deadline, grpc::ClientContext* context);

inference::ModelInferRequest ToMessage(InferRequest request);

// Takes the outputs out of `message`.
// Errors: UNIMPLEMENTED for outputs that are not raw.
absl::StatusOr<InferResponse> FromMessage(inference::ModelInferResponse* message);

ModelMetadata FromMessage(const inference::ModelMetadataResponse& message);
std::vector<ModelStatistics> FromMessage(const inference::ModelStatisticsResponse& message);
std::vector<ModelState> FromMessage(const inference::RepositoryIndexResponse& message);

// Errors: INTERNAL for a configuration that JSON cannot hold.
absl::StatusOr<ModelConfig> FromMessage(const inference::ModelConfigResponse& message);

}  // namespace flambeau::client
