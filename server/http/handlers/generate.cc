#include "http/handlers/generate.h"

#include <string>
#include <utility>

#include "http/handlers/call_start.h"
#include "http/status_mapping.h"
#include "wire/generate.h"

namespace flambeau {
namespace {

// The answer is there before the stream begins, so that its errors have a status of their own.
HttpResponse Encode(const InferResult& result, GenerateAnswer answer) {
  Result<std::string> body = EncodeGenerate(result);
  if (!body.ok()) return ErrorResponse(body.status());
  HttpResponse response = JsonResponse(*std::move(body));
  if (answer == GenerateAnswer::kEvents) {
    response.content_type = "text/event-stream; charset=utf-8";
    response.headers.emplace_back("Cache-Control", "no-cache");
    response.body.insert(0, "data: ").append("\n\n");
  }
  return response;
}

}  // namespace

void GenerateHandler::Handle(HttpRequest request, Responder respond) {
  const bool streams = answer_ == GenerateAnswer::kEvents;
  Result<Call> call = StartCall(request, streams ? "generate_stream" : "generate", inference_);
  if (!call.ok()) return respond(ErrorResponse(call.status()));
  Result<InferRequest> decoded = DecodeGenerate(PaddedJson{request.body}, call->signature());
  if (!decoded.ok()) return respond(ErrorResponse(call->Fail(decoded.status())));
  inference_->Submit(
      *std::move(call), *std::move(decoded),
      [respond, answer = answer_](Result<InferResult> result) {
        if (!result.ok()) return respond(ErrorResponse(result.status()));
        respond.Defer([result = *std::move(result), answer] { return Encode(result, answer); });
      });
}

}  // namespace flambeau
