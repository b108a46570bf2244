#include "grpc/rpcs/repository_index.h"

#include <string>
#include <string_view>

#include "grpc/status_mapping.h"
#include "proto/inference.pb.h"

namespace flambeau {

grpc::ServerUnaryReactor* HandleRepositoryIndex(grpc::CallbackServerContext* context,
                                                const ServerInfo& info,
                                                const inference::RepositoryIndexRequest& request,
                                                inference::RepositoryIndexResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  if (!request.repository_name().empty()) {
    reactor->Finish(ToGrpcStatus(Unimplemented(
        "repository_name is not supported: there is one repository; leave it empty")));
    return reactor;
  }
  for (const IndexEntry& entry : info.Index(request.ready())) {
    auto* model = response->add_models();
    model->set_name(entry.name);
    if (entry.version > 0) model->set_version(std::to_string(entry.version));
    const std::string_view state = Name(entry.state);
    model->set_state(state.data(), state.size());
    model->set_reason(entry.reason);
  }
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

}  // namespace flambeau
