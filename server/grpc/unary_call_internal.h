// Calls of one request and one answer.
#pragma once

#include <grpcpp/support/byte_buffer.h>

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

#include "base/status.h"
#include "grpc/message_bytes.h"
#include "grpc/rpc.h"

namespace flambeau {

// Reads the request, has it served, and answers once: with what it was served, or at once if the
// client has gone or its deadline has passed.
// Threads: Answer and Refuse from any. Lifetime: shared; the one that claims the call may touch the
// Rpc, until it has finished it. Errors: told to the client.
class UnaryCall : public RpcReactor, public std::enable_shared_from_this<UnaryCall> {
 public:
  explicit UnaryCall(Rpc* rpc) : rpc_(rpc) {}

  void OnStart() final { rpc_->StartRead(&request_); }
  void OnReadDone(bool ok) final;
  void OnCancel() override;

  void Answer(const grpc::ByteBuffer& response);
  void Refuse(const Status& status);

 protected:
  // Answers, now or later, from any thread. `request` may be given back.
  virtual void Serve(grpc::ByteBuffer* request) = 0;

  Rpc* rpc() { return rpc_; }
  // True for the first that asks: it, and only it, finishes the call.
  bool Claim() { return !claimed_.exchange(true); }

 private:
  Rpc* const rpc_;
  grpc::ByteBuffer request_;
  std::atomic<bool> claimed_{false};
};

// UNIMPLEMENTED.
std::shared_ptr<RpcReactor> RefuseUnknownMethod(Rpc* rpc);

// `serve(request, call)` has `call` answered once, now or later, from any thread.
template <class Request, class Function>
RpcStart UnaryLater(Function serve) {
  class Call final : public UnaryCall {
   public:
    Call(Rpc* rpc, const Function& serve) : UnaryCall(rpc), serve_(serve) {}

   private:
    void Serve(grpc::ByteBuffer* bytes) override {
      Request request;
      const Status parsed = ParseMessage(bytes, &request);
      if (!parsed.ok()) return Refuse(parsed);
      serve_(request, shared_from_this());
    }

    const Function& serve_;  // the route's
  };
  return [serve = std::move(serve)](Rpc* rpc) { return std::make_shared<Call>(rpc, serve); };
}

// `serve(request, &response)` is a Status, and brief.
template <class Request, class Response, class Function>
RpcStart Unary(Function serve) {
  return UnaryLater<Request>(
      [serve = std::move(serve)](const Request& request, const std::shared_ptr<UnaryCall>& call) {
        Response response;
        const Status status = serve(request, &response);
        if (!status.ok()) return call->Refuse(status);
        call->Answer(WriteMessage(response));
      });
}

}  // namespace flambeau
