#include "grpc/rpcs/repository_index.h"

#include <string>
#include <string_view>

#include "grpc/rpcs/repository_name_internal.h"
#include "proto/inference.pb.h"

namespace flambeau {

Status HandleRepositoryIndex(const ServerInfo& info,
                             const inference::RepositoryIndexRequest& request,
                             inference::RepositoryIndexResponse* response) {
  FLAMBEAU_RETURN_IF_ERROR(RequireNoRepositoryName(request.repository_name()));
  for (const IndexEntry& entry : info.Index(request.ready())) {
    auto* model = response->add_models();
    model->set_name(entry.name);
    if (entry.version > 0) model->set_version(std::to_string(entry.version));
    const std::string_view state = Name(entry.state);
    model->set_state(state.data(), state.size());
    model->set_reason(entry.reason);
  }
  return OkStatus();
}

}  // namespace flambeau
