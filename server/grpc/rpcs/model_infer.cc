#include "grpc/rpcs/model_infer.h"

#include <memory>
#include <new>
#include <optional>
#include <utility>

#include "grpc/call_context.h"
#include "grpc/infer_messages.h"
#include "grpc/status_mapping.h"
#include "grpc/unary_call_internal.h"
#include "proto/inference.pb.h"

namespace flambeau {
namespace {

// Threads: Complete from any. Lifetime: shared by the Rpc and the completion. Errors: told to the
// client.
class InferUnaryCall final : public UnaryCall, public Reply {
 public:
  InferUnaryCall(Rpc* rpc, const InferService& service) : UnaryCall(rpc), service_(service) {}

  void OnCancel() override;
  void Send() override;

 private:
  void Serve(grpc::ByteBuffer* request) override;
  void Complete(Result<UndeliveredResult> result);
  Status Encode(grpc::ByteBuffer* response);
  std::shared_ptr<InferUnaryCall> Self() {
    return std::static_pointer_cast<InferUnaryCall>(shared_from_this());
  }

  const InferService& service_;
  const CancelTokenPtr cancel_ = std::make_shared<CancelToken>();
  std::optional<Result<UndeliveredResult>> result_;  // its who has claimed the call
};

void InferUnaryCall::Serve(grpc::ByteBuffer* request) {
  const auto message = ParseInferRequest(request);
  RequestContext context = ToRequestContext(*rpc(), "infer", cancel_);
  if (!message.ok()) {
    return Refuse(service_.inference->Refuse(std::move(context), message.status()));
  }
  Result<Call> call = BeginInfer(service_, std::move(context), **message);
  if (!call.ok()) return Refuse(call.status());
  rpc()->AddInitialMetadata("x-request-id", call->request_id());
  SubmitInfer(
      service_, *std::move(call), *message,
      [self = Self()](Result<UndeliveredResult> result) { self->Complete(std::move(result)); });
}

void InferUnaryCall::OnCancel() {
  // The queue has the deadline too, and counts a request that it ends as such.
  if (!DeadlinePassed(*rpc())) cancel_->Cancel();
  UnaryCall::OnCancel();
}

void InferUnaryCall::Complete(Result<UndeliveredResult> result) {
  if (!Claim()) return;
  result_ = std::move(result);
  PostReply(service_, rpc(), IsBrief(*result_), Self());
}

void InferUnaryCall::Send() {
  grpc::ByteBuffer response;
  const Status status = Encode(&response);
  if (status.ok()) return rpc()->WriteAndFinish(response);
  rpc()->Finish(ToGrpcStatus(status));
}

Status InferUnaryCall::Encode(grpc::ByteBuffer* response) try {
  if (!result_->ok()) return result_->status();
  UndeliveredResult& answer = **result_;
  FLAMBEAU_RETURN_IF_ERROR(answer.delivery.Deliver(&answer.result));
  return WriteInferResponse(answer.result, answer.requested, response);
} catch (const std::bad_alloc&) {
  return ResourceExhausted("there is no memory for the answer; try again with fewer rows");
}

}  // namespace

std::shared_ptr<RpcReactor> HandleModelInfer(Rpc* rpc, const InferService& service) {
  return std::make_shared<InferUnaryCall>(rpc, service);
}

}  // namespace flambeau
