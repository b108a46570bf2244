// GRPCInferenceService.ModelStreamInfer.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>

#include "grpc/infer_call.h"
#include "grpc/rpc.h"

namespace flambeau {

class InferStream;

// The streams that are open, so that a drain can end them.
// Threads: any. Lifetime: outlives the streams. Errors: none.
class InferStreams {
 public:
  // One that comes after BeginDrain is drained at once.
  void Add(const std::shared_ptr<InferStream>& stream);
  void Remove(InferStream* stream);
  void BeginDrain();

 private:
  std::mutex mutex_;
  bool draining_ = false;
  std::unordered_map<InferStream*, std::weak_ptr<InferStream>> streams_;
};

// Each request passes what one of ModelInfer does; its error is an answer of its own, and the
// stream goes on.
// Lifetime: what `service` names outlives the call.
std::shared_ptr<RpcReactor> HandleModelStreamInfer(Rpc* rpc, const InferService& service);

}  // namespace flambeau
