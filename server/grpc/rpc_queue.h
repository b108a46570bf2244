// A completion queue and the one thread that serves it.
#pragma once

#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/async_generic_service.h>

#include <memory>
#include <string>

#include "base/thread.h"
#include "batching/leader.h"
#include "grpc/rpc.h"
#include "grpc/rpc_outbox.h"

namespace flambeau {

// Takes what has happened in turns, and at the end of each runs brief batches of what it has
// submitted (see leader.h). No thread is woken for a request: of the library's own callback API,
// whose threads wake each other, that is most of a small call's cost (docs/performance.md).
//
// Threads: its own, on which all reactors are told, is named as `name`.
// Lifetime: of the server's, which is shut down before this is destroyed; the thread ends by itself
// once nothing can happen any more. `routes` and `service` outlive it.
// Errors: none.
class RpcQueue final {
 public:
  RpcQueue(std::unique_ptr<grpc::ServerCompletionQueue> queue, grpc::AsyncGenericService* service,
           const RpcRoutes* routes);
  ~RpcQueue();

  // Once the server has started.
  void Start(const std::string& name);
  void Join();

  // For its RPCs.
  // Another call may come.
  void OnAccepted();
  void OnGone() { --open_; }
  // What answers the method of this path.
  const RpcStart& Find(const std::string& method) const;
  Leader* leader() { return &leader_; }
  // From any thread: sent by the queue's own.
  void Post(std::shared_ptr<Reply> reply) { outbox_->Post(std::move(reply)); }

 private:
  void Run();
  void Turn(void* event, bool ok);
  void Happen(void* event, bool ok);

  const std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  grpc::AsyncGenericService* const service_;
  const RpcRoutes* const routes_;
  const RpcStart unknown_;
  Leader leader_;
  const std::shared_ptr<RpcOutbox> outbox_;
  int open_ = 0;  // RPCs, those still waiting for a call included
  bool started_ = false;
  Thread thread_;
};

}  // namespace flambeau
