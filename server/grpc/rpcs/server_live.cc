#include "grpc/rpcs/server_live.h"

#include "proto/inference.pb.h"

namespace flambeau {

Status HandleServerLive(const ServerInfo& info, const inference::ServerLiveRequest& /*request*/,
                        inference::ServerLiveResponse* response) {
  response->set_live(info.Live());
  return OkStatus();
}

}  // namespace flambeau
