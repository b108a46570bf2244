#include "http/handlers/predict.h"

#include <utility>

#include "http/handlers/call_start.h"
#include "http/status_mapping.h"
#include "wire/predict.h"

namespace flambeau {
namespace {

// The body is the model's alone; which version gave it is told beside it.
constexpr char kModelVersionHeader[] = "X-Model-Version";

HttpResponse Encode(const InferResult& result) {
  Result<std::string> body = EncodePredict(result);
  if (!body.ok()) return ErrorResponse(body.status());
  HttpResponse response = JsonResponse(*std::move(body));
  response.may_compress = true;
  response.headers.emplace_back(kModelVersionHeader, std::to_string(result.version));
  return response;
}

}  // namespace

void PredictHandler::Handle(HttpRequest request, Responder respond) {
  Result<Call> call = StartCall(request, "predict", inference_);
  if (!call.ok()) return respond(ErrorResponse(call.status()));
  Result<InferRequest> decoded =
      DecodePredict(PaddedJson{request.body}, call->signature(), call->declaration());
  if (!decoded.ok()) return respond(ErrorResponse(call->Fail(decoded.status())));
  inference_->Submit(*std::move(call), *std::move(decoded), [respond](Result<InferResult> result) {
    if (!result.ok()) return respond(ErrorResponse(result.status()));
    respond.Defer([result = *std::move(result)] { return Encode(result); });
  });
}

}  // namespace flambeau
