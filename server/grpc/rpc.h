// One RPC on a completion queue of our own, of any method: a stream of messages in, a stream out.
#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/byte_buffer.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <unordered_map>

namespace flambeau {

class Leader;
class Reply;
class Rpc;
class RpcQueue;

// What answers one RPC, told what happens in it, one event after another.
// Threads: the queue's alone. Lifetime: held by the Rpc until OnDone; it may be shared with others.
// Errors: none.
class RpcReactor {
 public:
  virtual ~RpcReactor() = default;
  virtual void OnStart() = 0;
  // False: the client sends no more, or has gone.
  virtual void OnReadDone(bool ok) = 0;
  // False: the client has gone.
  virtual void OnWriteDone(bool /*ok*/) {}
  // The client has gone, or its deadline has passed. Finish is still due, if it was not called.
  virtual void OnCancel() {}
  // Finish was called and nothing more will happen; the Rpc goes when this returns.
  virtual void OnDone() {}
};

using RpcStart = std::function<std::shared_ptr<RpcReactor>(Rpc*)>;
// By path, such as "/inference.GRPCInferenceService/ServerLive".
using RpcRoutes = std::unordered_map<std::string, RpcStart>;

// It waits for a call, has it answered by the reactor of its method, and deletes itself.
// Threads: any, but one at a time for reads, and for writes and the end. Lifetime: until its
// reactor's OnDone, which comes after Finish (or WriteAndFinish), due once. Errors: told to the
// reactor.
// Source: gRPC's "Async-API lifecycle"; grpcpp/generic/async_generic_service.h.
class Rpc {
 public:
  static void Request(grpc::AsyncGenericService* service, grpc::ServerCompletionQueue* events,
                      RpcQueue* queue);
  // `event` is one that has happened, as the completion queue gives it.
  static void Happen(void* event, bool ok);

  const std::string& method() const { return context_.method(); }
  const grpc::ServerContext& context() const { return context_; }
  // Before anything is written.
  void AddInitialMetadata(const std::string& key, const std::string& value);
  // The queue's thread's, for requests that are submitted in an event.
  Leader* leader() const;
  // From any thread; `reply` is sent by the queue's own.
  void Post(std::shared_ptr<Reply> reply);

  // `message` is the library's until OnReadDone.
  void StartRead(grpc::ByteBuffer* message);
  void StartWrite(const grpc::ByteBuffer& message);
  void Finish(const grpc::Status& status);
  void WriteAndFinish(const grpc::ByteBuffer& message);

 private:
  struct Event {
    Rpc* rpc;
    void (Rpc::*happen)(bool ok);
  };

  explicit Rpc(RpcQueue* queue) : queue_(queue) {}
  ~Rpc();
  void OnRequest(bool ok);
  void OnRead(bool ok);
  void OnWrite(bool ok);
  void OnFinish(bool ok);
  void OnEnd(bool ok);
  void Release();

  RpcQueue* const queue_;
  std::shared_ptr<RpcReactor> reactor_;
  grpc::ByteBuffer* reading_ = nullptr;
  // Events still to come. The end of the call and that of Finish are, from the beginning.
  std::atomic<int> pending_{2};
  Event requested_{this, &Rpc::OnRequest};
  Event read_{this, &Rpc::OnRead};
  Event written_{this, &Rpc::OnWrite};
  Event finished_{this, &Rpc::OnFinish};
  Event ended_{this, &Rpc::OnEnd};
  grpc::GenericServerContext context_;
  grpc::GenericServerAsyncReaderWriter stream_{&context_};
};

}  // namespace flambeau
