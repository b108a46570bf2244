#include "grpc/rpcs/server_metadata.h"

#include "proto/inference.pb.h"

namespace flambeau {

Status HandleServerMetadata(const ServerInfo& info,
                            const inference::ServerMetadataRequest& /*request*/,
                            inference::ServerMetadataResponse* response) {
  const ServerMetadata metadata = info.Server();
  response->set_name(metadata.name);
  response->set_version(metadata.version);
  for (const std::string& extension : metadata.extensions) response->add_extensions(extension);
  return OkStatus();
}

}  // namespace flambeau
