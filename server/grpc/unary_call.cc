#include <new>

#include "grpc/call_context.h"
#include "grpc/status_mapping.h"
#include "grpc/unary_call_internal.h"

namespace flambeau {
namespace {

class UnknownMethod final : public RpcReactor {
 public:
  explicit UnknownMethod(Rpc* rpc) : rpc_(rpc) {}
  void OnStart() override {
    rpc_->Finish(ToGrpcStatus(Unimplemented("there is no method " + rpc_->method() +
                                            "; ask the server's reflection for those there are")));
  }
  void OnReadDone(bool) override {}

 private:
  Rpc* const rpc_;
};

}  // namespace

void UnaryCall::OnReadDone(bool ok) try {
  if (ok) return Serve(&request_);
  Refuse(NoMessage());
} catch (const std::bad_alloc&) {
  Refuse(ResourceExhausted("there is no memory for the request; try again in a moment"));
}

void UnaryCall::OnCancel() {
  Refuse(DeadlinePassed(*rpc_)
             ? DeadlineExceeded("the call's deadline passed before its answer was ready")
             : Cancelled("the client cancelled the call"));
}

void UnaryCall::Answer(const grpc::ByteBuffer& response) {
  if (Claim()) rpc_->WriteAndFinish(response);
}

void UnaryCall::Refuse(const Status& status) {
  if (Claim()) rpc_->Finish(ToGrpcStatus(status));
}

std::shared_ptr<RpcReactor> RefuseUnknownMethod(Rpc* rpc) {
  return std::make_shared<UnknownMethod>(rpc);
}

}  // namespace flambeau
