#include "grpc/rpcs/server_live.h"

#include "proto/inference.pb.h"

namespace flambeau {

grpc::ServerUnaryReactor* HandleServerLive(grpc::CallbackServerContext* context,
                                           const ServerInfo& info,
                                           inference::ServerLiveResponse* response) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  response->set_live(info.Live());
  reactor->Finish(grpc::Status::OK);
  return reactor;
}

}  // namespace flambeau
