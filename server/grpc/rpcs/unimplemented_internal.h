// The calls of GRPCInferenceService that this server does not have yet: UNIMPLEMENTED, in one
// sentence each, so that a client learns what is missing.
#pragma once

#include <string>

#include "grpc/status_mapping.h"
#include "proto/inference.grpc.pb.h"

namespace flambeau {

// Threads: any. Lifetime: the service's. Implementing a call: remove its line here and override it
// in service.cc.
class UnimplementedRpcs : public inference::GRPCInferenceService::CallbackService {
 public:
  using Context = grpc::CallbackServerContext;
  using Reactor = grpc::ServerUnaryReactor;

  // NOLINTBEGIN(bugprone-macro-parentheses): the argument names a method and its messages.
#define FLAMBEAU_UNIMPLEMENTED(rpc)                                                         \
  Reactor* rpc(Context* context, const inference::rpc##Request*, inference::rpc##Response*) \
      override {                                                                            \
    return Refuse(context, #rpc);                                                           \
  }
#undef FLAMBEAU_UNIMPLEMENTED
  // NOLINTEND(bugprone-macro-parentheses)

 private:
  static Status Missing(const std::string& rpc) {
    return Unimplemented(rpc +
                         " is not supported by this server; ServerMetadata lists the "
                         "extensions that are");
  }

  static Reactor* Refuse(Context* context, const std::string& rpc) {
    Reactor* reactor = context->DefaultReactor();
    reactor->Finish(ToGrpcStatus(Missing(rpc)));
    return reactor;
  }
};

}  // namespace flambeau
