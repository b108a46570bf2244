// GRPCInferenceService.RepositoryModelUnload.
#pragma once

#include <functional>

#include "base/status.h"
#include "serving/model_admin.h"

namespace inference {
class RepositoryModelUnloadRequest;
}  // namespace inference

namespace flambeau {

// Answers once the model is no longer served, from a thread of the repository's.
void HandleRepositoryModelUnload(ModelAdmin& admin,
                                 const inference::RepositoryModelUnloadRequest& request,
                                 std::function<void(const Status&)> done);

}  // namespace flambeau
