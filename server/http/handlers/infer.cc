#include "http/handlers/infer.h"

#include <utility>

#include "http/grammar.h"
#include "http/handlers/call_start.h"
#include "http/status_mapping.h"
#include "wire/infer.h"

namespace flambeau {
namespace {

constexpr std::string_view kJsonLengthHeader = "inference-header-content-length";

HttpResponse Encode(const InferResult& result, const InferRequest& asked) {
  Result<EncodedInfer> encoded = EncodeInfer(result, asked);
  if (!encoded.ok()) return ErrorResponse(encoded.status());
  HttpResponse response = JsonResponse(std::move(encoded->body));
  if (encoded->header_length) {
    response.content_type = "application/octet-stream";
    response.headers.emplace_back("Inference-Header-Content-Length",
                                  std::to_string(*encoded->header_length));
  }
  return response;
}

// What EncodeInfer needs of a request once its tensors have gone to the model.
InferRequest WithoutInputs(const InferRequest& request) {
  InferRequest asked;
  asked.id = request.id;
  asked.outputs = request.outputs;
  asked.binary_output = request.binary_output;
  return asked;
}

Result<InferRequest> Decode(const HttpRequest& request, const MethodFacts& signature) {
  FLAMBEAU_ASSIGN_OR_RETURN(const InferParts parts, SplitInferBody(request));
  return DecodeInfer(PaddedJson{parts.json}, parts.binary, request.body_owner, signature);
}

}  // namespace

Result<InferParts> SplitInferBody(const HttpRequest& request) {
  const std::optional<std::string_view> text = request.Header(kJsonLengthHeader);
  if (!text) return InferParts{request.body, {}};
  const std::optional<uint64_t> length = ParseDigits(*text);
  if (!length || *length > request.body.size()) {
    return InvalidArgument(
        "The header Inference-Header-Content-Length must be the length of the JSON in bytes, at "
        "most that of the body.");
  }
  if (*length == 0) {
    return InvalidArgument(
        "A raw binary request (Inference-Header-Content-Length: 0) is not supported: send the "
        "inputs as JSON, followed by their binary data.");
  }
  const auto split = static_cast<size_t>(*length);
  return InferParts{request.body.substr(0, split), request.body.substr(split)};
}

void InferHandler::Handle(HttpRequest request, Responder respond) {
  Result<Call> call = StartCall(request, "infer", inference_);
  if (!call.ok()) return respond(ErrorResponse(call.status()));
  Result<InferRequest> decoded = Decode(request, call->signature());
  if (!decoded.ok()) return respond(ErrorResponse(call->Fail(decoded.status())));
  InferRequest asked = WithoutInputs(*decoded);
  inference_->Submit(
      *std::move(call), *std::move(decoded),
      [respond, asked = std::move(asked)](Result<InferResult> result) {
        if (!result.ok()) return respond(ErrorResponse(result.status()));
        respond.Defer([result = *std::move(result), asked] { return Encode(result, asked); });
      });
}

}  // namespace flambeau
