#include "grpc/rpcs/server_ready.h"

#include "proto/inference.pb.h"

namespace flambeau {

Status HandleServerReady(const ServerInfo& info, const inference::ServerReadyRequest& /*request*/,
                         inference::ServerReadyResponse* response) {
  response->set_ready(info.Ready());
  return OkStatus();
}

}  // namespace flambeau
