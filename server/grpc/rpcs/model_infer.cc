#include "grpc/rpcs/model_infer.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <new>
#include <numeric>
#include <optional>
#include <utility>
#include <vector>

#include "grpc/call_context.h"
#include "grpc/infer_messages.h"
#include "grpc/status_mapping.h"
#include "proto/inference.pb.h"

namespace flambeau {
namespace {

constexpr size_t kSmallAnswer = 16u << 10;

// The end of one call, reached from a completion or from a cancellation, whichever comes first.
// Threads: any. Lifetime: shared by the reactor and the completion; the one that claims it may
// touch the reactor and the response, which live until Finish.
class InferAnswer final : public Reply, public std::enable_shared_from_this<InferAnswer> {
 public:
  InferAnswer(grpc::ServerUnaryReactor* reactor, grpc::ByteBuffer* response, ReplyQueue* replies)
      : reactor_(reactor), response_(response), replies_(replies) {}

  void Refuse(const Status& status) {
    if (Claim()) reactor_->Finish(ToGrpcStatus(status));
  }

  void Complete(Result<UndeliveredResult> result) {
    if (!Claim()) return;
    result_ = std::move(result);
    if (IsSmall()) return Send();
    replies_->Post(shared_from_this());
  }

  void Send() override { reactor_->Finish(ToGrpcStatus(Encode())); }

 private:
  // What is written in less time than waking a thread for it takes.
  bool IsSmall() const {
    if (!result_->ok()) return true;
    const std::vector<NamedTensor>& outputs = (*result_)->result.outputs;
    const size_t bytes = std::accumulate(
        outputs.begin(), outputs.end(), size_t{0},
        [](size_t sum, const NamedTensor& output) { return sum + output.tensor.bytes(); });
    return bytes <= kSmallAnswer;
  }

  bool Claim() { return !claimed_.exchange(true); }

  Status Encode() try {
    if (!result_->ok()) return result_->status();
    UndeliveredResult& answer = **result_;
    FLAMBEAU_RETURN_IF_ERROR(answer.delivery.Deliver(&answer.result));
    return WriteInferResponse(answer.result, answer.requested, response_);
  } catch (const std::bad_alloc&) {
    return ResourceExhausted("there is no memory for the answer; try again with fewer rows");
  }

  grpc::ServerUnaryReactor* const reactor_;
  grpc::ByteBuffer* const response_;
  ReplyQueue* const replies_;
  std::atomic<bool> claimed_{false};
  std::optional<Result<UndeliveredResult>> result_;
};

// Lifetime: deletes itself once gRPC is done with the call.
class InferReactor final : public grpc::ServerUnaryReactor {
 public:
  InferReactor(std::chrono::system_clock::time_point deadline, grpc::ByteBuffer* response,
               ReplyQueue* replies)
      : deadline_(deadline),
        cancel_(std::make_shared<CancelToken>()),
        answer_(std::make_shared<InferAnswer>(this, response, replies)) {}

  const CancelTokenPtr& cancel() const { return cancel_; }
  const std::shared_ptr<InferAnswer>& answer() const { return answer_; }

  void OnCancel() override {
    // gRPC cancels for a passed deadline too; the queue has that deadline and counts it as such.
    if (std::chrono::system_clock::now() >= deadline_) {
      answer_->Refuse(DeadlineExceeded("the call's deadline passed before its answer was ready"));
      return;
    }
    cancel_->Cancel();
    answer_->Refuse(Cancelled("the client cancelled the call"));
  }

  void OnDone() override { delete this; }

 protected:
  // OnCancel and OnDone are brief: the library need not wake another thread to call them.
  bool InternalInlineable() override { return true; }

 private:
  const std::chrono::system_clock::time_point deadline_;
  const CancelTokenPtr cancel_;
  const std::shared_ptr<InferAnswer> answer_;
};

}  // namespace

grpc::ServerUnaryReactor* HandleModelInfer(grpc::CallbackServerContext* context,
                                           const InferService& service, grpc::ByteBuffer* request,
                                           grpc::ByteBuffer* response) {
  auto* reactor = new InferReactor(context->deadline(), response, service.replies);
  const std::shared_ptr<InferAnswer> answer = reactor->answer();
  const auto message = ParseInferRequest(request);
  if (!message.ok()) {
    RequestContext refused = ToRequestContext(*context, "infer", reactor->cancel());
    answer->Refuse(service.inference->Refuse(std::move(refused), message.status()));
    return reactor;
  }
  Result<Call> call =
      BeginInfer(service, ToRequestContext(*context, "infer", reactor->cancel()), **message);
  if (!call.ok()) {
    answer->Refuse(call.status());
    return reactor;
  }
  context->AddInitialMetadata("x-request-id", call->request_id());
  SubmitInfer(service, *std::move(call), *message,
              [answer](Result<UndeliveredResult> result) { answer->Complete(std::move(result)); });
  return reactor;
}

}  // namespace flambeau
