// One ModelStreamInfer call.
#pragma once

#include <grpcpp/support/byte_buffer.h>

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "batching/cancel.h"
#include "grpc/infer_call.h"
#include "grpc/reply_queue.h"
#include "grpc/rpc.h"

namespace flambeau {

// Reads requests while fewer than kMaxInFlight wait for their answers, and writes the answers one
// at a time, in the order of the requests. It ends when the client has sent its last request and
// has all its answers, when it goes, when the server drains, or, if it asked for that with the
// metadata triton_grpc_error, with the first error.
//
// Threads: any; calls into gRPC are made without the lock, in an order that the flags keep.
// Lifetime: shared by the Rpc and the completions, which find it closed if the call has ended.
// Errors: told to the client, each to the request it belongs to.
class InferStream final : public RpcReactor,
                          public Reply,
                          public std::enable_shared_from_this<InferStream> {
 public:
  static constexpr size_t kMaxInFlight = 64;

  InferStream(Rpc* rpc, const InferService& service);

  // What is in work is still answered.
  void Drain();

  void OnStart() override;
  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;
  void Send() override;

 private:
  // A request and, once there is one, its answer.
  struct Slot {
    std::string id;
    std::optional<Result<UndeliveredResult>> result;
  };
  // What to do once the lock is released.
  struct Steps {
    bool read = false;
    bool post = false;
    bool brief = false;  // what is posted
    bool finish = false;
  };

  void Take(const std::shared_ptr<Slot>& slot);
  void Complete(const std::shared_ptr<Slot>& slot, Result<UndeliveredResult> result);
  std::shared_ptr<Slot> TakeFirst();
  Status Encode(Slot* slot);
  // With the lock held: no further request, and what is not answered yet will not be.
  void Close(Status end);
  Steps Next();
  void Do(Steps steps);

  Rpc* const rpc_;  // valid until OnDone
  const InferService& service_;
  const bool ends_with_error_;
  const CancelTokenPtr cancel_ = std::make_shared<CancelToken>();
  grpc::ByteBuffer request_;   // gRPC's while reading_
  grpc::ByteBuffer response_;  // the writer's

  std::mutex mutex_;
  std::deque<std::shared_ptr<Slot>> slots_;
  bool reading_ = false;   // or handling what was read
  bool writing_ = false;   // or waiting to be sent
  size_t starting_ = 0;    // calls of StartRead that have not returned
  bool ending_ = false;    // no further request
  bool closed_ = false;    // no further answer either
  bool finished_ = false;  // Finish was called, or is about to be
  Status end_;
};

}  // namespace flambeau
