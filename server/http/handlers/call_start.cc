#include "http/handlers/call_start.h"

#include <utility>

#include "http/grammar.h"

namespace flambeau {
namespace {

constexpr uint64_t kMaxTimeoutMs = 3600000;

// "encode" of "3:encode", which becomes "3"; no name and no version has a colon.
std::string TakeMethod(std::string* last) {
  const size_t colon = last->find(':');
  if (colon == std::string::npos) return "forward";
  std::string method = last->substr(colon + 1);
  last->resize(colon);
  return method;
}

}  // namespace

Result<std::optional<int64_t>> TimeoutOf(const HttpRequest& request) {
  const std::optional<std::string_view> text = request.Header(kTimeoutHeader);
  if (!text) return std::optional<int64_t>();
  const std::optional<uint64_t> ms = ParseDigits(*text);
  if (!ms || *ms < 1 || *ms > kMaxTimeoutMs) {
    return InvalidArgument(
        "The header X-Request-Timeout-Ms must be a number of milliseconds from 1 to 3600000.");
  }
  return std::optional<int64_t>(static_cast<int64_t>(*ms) * 1000);
}

std::string PathParam(const HttpRequest& request, const std::string& name) {
  const auto found = request.path_params.find(name);
  return found == request.path_params.end() ? std::string() : found->second;
}

Result<Call> StartCall(const HttpRequest& request, std::string_view route, Inference* inference) {
  const Result<std::optional<int64_t>> timeout = TimeoutOf(request);
  RequestContext context;
  context.request_id = request.request_id;
  context.protocol = Protocol::kHttp;
  context.peer = request.peer;
  context.route = route;
  if (timeout.ok()) context.timeout_us = *timeout;
  context.cancel = request.cancel;
  context.leader = request.leader;
  std::string model = PathParam(request, "model");
  std::string version = PathParam(request, "version");
  const std::string method = TakeMethod(version.empty() ? &model : &version);
  Result<Call> call = inference->Begin(std::move(context), model, version, method);
  // Refused only now, so that it is counted and logged like every other request.
  if (call.ok() && !timeout.ok()) return call->Fail(timeout.status());
  return call;
}

HttpResponse JsonResponse(std::string body) {
  HttpResponse response;
  response.body = std::move(body);
  return response;
}

}  // namespace flambeau
