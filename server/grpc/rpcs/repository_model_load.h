// GRPCInferenceService.RepositoryModelLoad.
#pragma once

#include <functional>

#include "base/status.h"
#include "serving/model_admin.h"

namespace inference {
class RepositoryModelLoadRequest;
}  // namespace inference

namespace flambeau {

// Answers once the model is ready or has failed, from a thread of the repository's.
void HandleRepositoryModelLoad(ModelAdmin& admin,
                               const inference::RepositoryModelLoadRequest& request,
                               std::function<void(const Status&)> done);

}  // namespace flambeau
