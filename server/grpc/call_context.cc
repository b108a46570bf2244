#include "grpc/call_context.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <utility>

namespace flambeau {
namespace {

constexpr char kRequestIdKey[] = "x-request-id";  // metadata keys are lower case on the wire

std::optional<int64_t> MicrosecondsLeft(std::chrono::system_clock::time_point deadline) {
  if (deadline == std::chrono::system_clock::time_point::max()) return std::nullopt;
  const auto left = deadline - std::chrono::system_clock::now();
  return std::max<int64_t>(1, std::chrono::duration_cast<std::chrono::microseconds>(left).count());
}

void ReplaceAll(std::string* text, std::string_view from, std::string_view to) {
  for (size_t at = text->find(from); at != std::string::npos; at = text->find(from, at)) {
    text->replace(at, from.size(), to);
    at += to.size();
  }
}

}  // namespace

std::string PeerAddress(std::string_view peer) {
  const size_t colon = peer.find(':');
  const std::string_view scheme = peer.substr(0, colon);
  if (scheme != "ipv4" && scheme != "ipv6") return std::string(scheme);
  std::string address(peer.substr(colon + 1));
  ReplaceAll(&address, "%5B", "[");
  ReplaceAll(&address, "%5D", "]");
  return address;
}

bool DeadlinePassed(const Rpc& rpc) {
  return std::chrono::system_clock::now() >= rpc.context().deadline();
}

RequestContext ToRequestContext(const Rpc& rpc, std::string route, CancelTokenPtr cancel) {
  const grpc::ServerContext& context = rpc.context();
  RequestContext request;
  const auto& metadata = context.client_metadata();
  if (const auto id = metadata.find(kRequestIdKey); id != metadata.end()) {
    request.request_id.assign(id->second.data(), id->second.size());
  }
  request.protocol = Protocol::kGrpc;
  request.peer = PeerAddress(context.peer());
  request.route = std::move(route);
  request.timeout_us = MicrosecondsLeft(context.deadline());
  request.cancel = std::move(cancel);
  request.leader = rpc.leader();
  return request;
}

}  // namespace flambeau
