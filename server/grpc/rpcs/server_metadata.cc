#include "grpc/rpcs/server_metadata.h"

#include "proto/inference.pb.h"

namespace flambeau {

grpc::ServerUnaryReactor* HandleServerMetadata(grpc::CallbackServerContext* context,
                                               const ServerInfo& info,
                                               inference::ServerMetadataResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  const ServerMetadata metadata = info.Server();
  response->set_name(metadata.name);
  response->set_version(metadata.version);
  for (const std::string& extension : metadata.extensions) response->add_extensions(extension);
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

}  // namespace flambeau
