// ModelInfer's request and response, so owned that tensors may keep the request beyond the call:
// the proof and a cancelled run still read inputs after the answer has gone.
#pragma once

#include <grpcpp/support/message_allocator.h>

#include <memory>

#include "proto/inference.pb.h"

namespace flambeau {

// Threads: one at a time, gRPC's. Lifetime: deletes itself when gRPC releases it.
class InferMessages final
    : public grpc::MessageHolder<inference::ModelInferRequest, inference::ModelInferResponse> {
 public:
  InferMessages() : shared_request_(std::make_shared<inference::ModelInferRequest>()) {
    set_request(shared_request_.get());
    set_response(&response_);
  }

  void Release() override { delete this; }
  std::shared_ptr<const inference::ModelInferRequest> shared_request() const {
    return shared_request_;
  }

 private:
  std::shared_ptr<inference::ModelInferRequest> shared_request_;
  inference::ModelInferResponse response_;
};

// Threads: any. Lifetime: outlives the server that it is registered with.
class InferMessageAllocator final
    : public grpc::MessageAllocator<inference::ModelInferRequest, inference::ModelInferResponse> {
 public:
  grpc::MessageHolder<inference::ModelInferRequest, inference::ModelInferResponse>*
  AllocateMessages() override {
    return new InferMessages;
  }
};

}  // namespace flambeau
