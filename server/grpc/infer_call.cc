#include "grpc/infer_call.h"

#include <numeric>
#include <utility>

#include "grpc/model_name.h"
#include "grpc/rpc.h"
#include "grpc/tensor_codec.h"
#include "proto/inference.pb.h"

namespace flambeau {
namespace {

constexpr size_t kBriefBytes = 16u << 10;

}  // namespace

Result<Call> BeginInfer(const InferService& service, RequestContext context,
                        const inference::ModelInferRequest& request) {
  Result<Call> call =
      service.inference->Begin(std::move(context), request.model_name(), request.model_version());
  Status refusal = RequireModelName(request.model_name(), "model_name");
  if (refusal.ok() && call.ok() && service.draining->load()) {
    refusal = Unavailable("the server is shutting down; send the request to another one");
  }
  if (refusal.ok()) return call;
  return call.ok() ? call->Fail(std::move(refusal)) : refusal;
}

bool IsBrief(const Result<UndeliveredResult>& result) {
  if (!result.ok()) return true;
  const std::vector<NamedTensor>& outputs = result->result.outputs;
  const size_t bytes = std::accumulate(
      outputs.begin(), outputs.end(), size_t{0},
      [](size_t sum, const NamedTensor& output) { return sum + output.tensor.bytes(); });
  return bytes <= kBriefBytes;
}

void PostReply(const InferService& service, Rpc* rpc, bool brief, std::shared_ptr<Reply> reply) {
  if (brief) return rpc->Post(std::move(reply));
  service.replies->Post(std::move(reply));
}

void SubmitInfer(const InferService& service, Call call,
                 const std::shared_ptr<const inference::ModelInferRequest>& request,
                 CallDone done) {
  Result<InferRequest> decoded = DecodeInferRequest(request, *service.shared_memory);
  if (!decoded.ok()) return done(call.Fail(decoded.status()));
  Result<OutputDelivery> delivery =
      OutputDelivery::Create(decoded->outputs, call.servable(), *service.shared_memory);
  if (!delivery.ok()) return done(call.Fail(delivery.status()));
  std::vector<RequestedOutput> requested = decoded->outputs;
  service.inference->Submit(
      std::move(call), *std::move(decoded),
      [done = std::move(done), delivery = *std::move(delivery),
       requested = std::move(requested)](Result<InferResult> result) mutable {
        if (!result.ok()) return done(result.status());
        done(UndeliveredResult{*std::move(result), std::move(delivery), std::move(requested)});
      });
}

}  // namespace flambeau
