#include "grpc/rpcs/model_ready.h"

#include "grpc/model_name.h"
#include "proto/inference.pb.h"

namespace flambeau {

Status HandleModelReady(const ServerInfo& info, const inference::ModelReadyRequest& request,
                        inference::ModelReadyResponse* response) {
  FLAMBEAU_RETURN_IF_ERROR(RequireModelName(request.name(), "name"));
  const Result<bool> ready = info.ModelReady(request.name(), request.version());
  if (ready.ok()) response->set_ready(*ready);
  return ready.status();
}

}  // namespace flambeau
