// A completion queue and the one thread that serves it.
#pragma once

#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/async_generic_service.h>

#include <memory>
#include <string>

#include "base/thread.h"
#include "batching/leader.h"
#include "grpc/rpc.h"

namespace flambeau {

// Takes what has happened in turns, and at the end of each runs brief batches of what it has
// submitted (see leader.h). No thread is woken for a request: of the library's own callback API,
// whose threads wake each other, that is most of a small call's cost (docs/performance.md).
//
// Threads: its own, on which all reactors are told, is named as `name`.
// Lifetime: of the server's, which is shut down before this is destroyed; the thread ends by itself
// once nothing can happen any more. `routes` and `service` outlive it.
// Errors: none.
class RpcQueue final : private RpcOwner {
 public:
  RpcQueue(std::unique_ptr<grpc::ServerCompletionQueue> queue, grpc::AsyncGenericService* service,
           const RpcRoutes* routes);
  ~RpcQueue() override;

  // Once the server has started.
  void Start(const std::string& name);
  void Join();

 private:
  void OnAccepted() override;
  const RpcStart& Find(const std::string& method) override;
  void OnGone() override;
  Leader* leader() override { return &leader_; }
  void Run();
  void Turn(void* event, bool ok);

  const std::unique_ptr<grpc::ServerCompletionQueue> queue_;
  grpc::AsyncGenericService* const service_;
  const RpcRoutes* const routes_;
  const RpcStart unknown_;
  Leader leader_;
  int open_ = 0;  // RPCs, those still waiting for a call included
  bool started_ = false;
  Thread thread_;
};

}  // namespace flambeau
