#include "http/status_mapping.h"

#include "base/no_memory.h"
#include "base/sentence.h"
#include "wire/messages.h"

namespace flambeau {

int HttpCode(StatusCode code) {
  switch (code) {
    case StatusCode::kOk:
      return 200;
    case StatusCode::kInvalidArgument:
    case StatusCode::kFailedPrecondition:
    case StatusCode::kOutOfRange:
      return 400;
    case StatusCode::kUnauthenticated:
      return 401;
    case StatusCode::kPermissionDenied:
      return 403;
    case StatusCode::kNotFound:
      return 404;
    case StatusCode::kAlreadyExists:
    case StatusCode::kAborted:
      return 409;
    case StatusCode::kResourceExhausted:
      return 429;
    case StatusCode::kCancelled:
      return 499;
    case StatusCode::kUnimplemented:
      return 501;
    case StatusCode::kUnavailable:
      return 503;
    case StatusCode::kDeadlineExceeded:
      return 504;
    default:
      return 500;
  }
}

HttpResponse ErrorResponse(const Status& status) {
  // 429 would tell the client to ask less often, which does not help it.
  const int code = IsNoMemory(status) ? 503 : HttpCode(status.code());
  return ErrorResponse(code, Message(status));
}

HttpResponse ErrorResponse(int http_code, std::string_view sentence) {
  HttpResponse response;
  response.status = http_code;
  response.body = EncodeError(AsSentence(sentence));
  if (http_code == 429 || http_code == 503) response.headers.emplace_back("Retry-After", "1");
  return response;
}

}  // namespace flambeau
