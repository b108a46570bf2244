#include "grpc/rpcs/server_ready.h"

#include "proto/inference.pb.h"

namespace flambeau {

grpc::ServerUnaryReactor* HandleServerReady(grpc::CallbackServerContext* context,
                                            const ServerInfo& info,
                                            inference::ServerReadyResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  response->set_ready(info.Ready());
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

}  // namespace flambeau
