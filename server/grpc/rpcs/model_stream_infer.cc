#include "grpc/rpcs/model_stream_infer.h"

#include <utility>
#include <vector>

#include "grpc/infer_stream_internal.h"

namespace flambeau {

void InferStreams::Add(const std::shared_ptr<InferStream>& stream) {
  {
    const std::lock_guard lock(mutex_);
    streams_.emplace(stream.get(), stream);
    if (!draining_) return;
  }
  stream->Drain();
}

void InferStreams::Remove(InferStream* stream) {
  const std::lock_guard lock(mutex_);
  streams_.erase(stream);
}

void InferStreams::BeginDrain() {
  std::vector<std::shared_ptr<InferStream>> open;
  {
    const std::lock_guard lock(mutex_);
    draining_ = true;
    for (const auto& [stream, weak] : streams_) {
      if (std::shared_ptr<InferStream> alive = weak.lock()) open.push_back(std::move(alive));
    }
  }
  for (const std::shared_ptr<InferStream>& stream : open) stream->Drain();
}

std::shared_ptr<RpcReactor> HandleModelStreamInfer(Rpc* rpc, const InferService& service) {
  return std::make_shared<InferStream>(rpc, service);
}

}  // namespace flambeau
