#include "http/handlers/infer.h"

#include <utility>

#include "http/grammar.h"
#include "http/handlers/call_start.h"
#include "http/status_mapping.h"
#include "serving/output_delivery.h"
#include "wire/infer.h"
#include "wire/raw_binary.h"

namespace flambeau {
namespace {

constexpr std::string_view kJsonLengthHeader = "inference-header-content-length";

HttpResponse Encode(InferResult* result, const InferRequest& asked,
                    const OutputDelivery& delivery) {
  const Status delivered = delivery.Deliver(result);
  if (!delivered.ok()) return ErrorResponse(delivered);
  Result<EncodedInfer> encoded = EncodeInfer(*result, asked);
  if (!encoded.ok()) return ErrorResponse(encoded.status());
  HttpResponse response = JsonResponse(std::move(encoded->body));
  response.may_compress = true;
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

Result<InferRequest> Decode(const HttpRequest& request, const MethodFacts& signature,
                            const SharedMemory& shared_memory) {
  FLAMBEAU_ASSIGN_OR_RETURN(const InferParts parts, SplitInferBody(request));
  if (parts.raw) return DecodeRawBinary(parts.binary, request.body_owner, signature);
  return DecodeInfer(PaddedJson{parts.json}, parts.binary, request.body_owner, shared_memory);
}

}  // namespace

Result<InferParts> SplitInferBody(const HttpRequest& request) {
  const std::optional<std::string_view> text = request.Header(kJsonLengthHeader);
  if (!text) return InferParts{request.body, {}, false};
  const std::optional<uint64_t> length = ParseDigits(*text);
  if (!length || *length > request.body.size()) {
    return InvalidArgument(
        "The header Inference-Header-Content-Length must be the length of the JSON in bytes, at "
        "most that of the body.");
  }
  const auto split = static_cast<size_t>(*length);
  return InferParts{request.body.substr(0, split), request.body.substr(split), *length == 0};
}

void InferHandler::Handle(HttpRequest request, Responder respond) {
  Result<Call> call = StartCall(request, "infer", inference_);
  if (!call.ok()) return respond(ErrorResponse(call.status()));
  Result<InferRequest> decoded = Decode(request, call->signature(), *shared_memory_);
  if (!decoded.ok()) return respond(ErrorResponse(call->Fail(decoded.status())));
  Result<OutputDelivery> delivery =
      OutputDelivery::Create(decoded->outputs, call->servable(), *shared_memory_);
  if (!delivery.ok()) return respond(ErrorResponse(call->Fail(delivery.status())));
  InferRequest asked = WithoutInputs(*decoded);
  inference_->Submit(*std::move(call), *std::move(decoded),
                     [respond, asked = std::move(asked),
                      delivery = *std::move(delivery)](Result<InferResult> result) mutable {
                       if (!result.ok()) return respond(ErrorResponse(result.status()));
                       respond.Defer([result = *std::move(result), asked = std::move(asked),
                                      delivery = std::move(delivery)]() mutable {
                         return Encode(&result, asked, delivery);
                       });
                     });
}

}  // namespace flambeau
