// Memory that this process and a server on the same machine share, so that tensors need not travel.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "flambeau/tensor.h"

namespace flambeau::client {

class Client;

// A new POSIX shared memory object, mapped here and registered with the server; unregistered and
// removed in the destructor. The server must run with --allow-shared-memory and as a user who may
// open the object: the same one. A server that was restarted has forgotten it.
// Threads: plain memory; a slice must not change while a request that names it is answered.
// Lifetime: ends before its client, and after the requests that name it.
// Errors: INTERNAL from the system; the server's, UNIMPLEMENTED if it does not allow it.
class SharedMemory {
 public:
  // `name`: what requests call it; the client's choice, one per server.
  static absl::StatusOr<std::unique_ptr<SharedMemory>> Create(Client* client, std::string name,
                                                              size_t byte_size);
  ~SharedMemory();

  std::span<std::byte> bytes() const { return bytes_; }
  const std::string& name() const { return name_; }

  // What Tensor::shared_memory and InferRequest::outputs_in_memory take.
  SharedMemorySlice Slice(size_t offset, size_t byte_size) const {
    return {name_, offset, byte_size};
  }

 private:
  SharedMemory(Client* client, std::string name, std::string key);
  absl::Status Map(size_t byte_size);

  Client* const client_;
  const std::string name_;
  const std::string key_;
  std::span<std::byte> bytes_;
  bool registered_ = false;
};

}  // namespace flambeau::client
