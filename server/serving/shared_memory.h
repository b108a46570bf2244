// System shared memory: the regions that clients have registered, and tensors in and out of them.
// Source: Triton, docs/protocol/extension_shared_memory.md.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "serving/request.h"
#include "tensor/tensor.h"

namespace flambeau {

// A region as its client described it.
struct SharedMemoryRegion {
  std::string name;
  std::string key;      // the object's name, as for shm_open
  uint64_t offset = 0;  // of the region in the object
  uint64_t byte_size = 0;
};

class SharedMemoryObject;  // an open object, shared by a region and the requests that use it

// A place that a request's output will be written to. Its region may be unregistered meanwhile.
// Threads: any. Lifetime: a value; keeps the object open. Errors: Write.
class SharedMemoryTarget {
 public:
  SharedMemoryTarget(std::shared_ptr<const SharedMemoryObject> object, SharedMemoryPlace place,
                     uint64_t position)
      : object_(std::move(object)), place_(std::move(place)), position_(position) {}

  const SharedMemoryPlace& place() const { return place_; }
  // Errors: INVALID_ARGUMENT: the place is too small, or the object has shrunk; RESOURCE_EXHAUSTED.
  Status Write(const Tensor& tensor, std::string_view output) const;

 private:
  std::shared_ptr<const SharedMemoryObject> object_;
  SharedMemoryPlace place_;
  uint64_t position_;  // in the object
};

// Objects are read and written by system calls, never mapped: a client that shrinks or changes one
// at the wrong moment gets an error or a wrong answer of its own, and no fault, and bytes that have
// been checked do not change any more.
// Threads: any. Lifetime: outlives the requests that refer to it. Errors: below; UNIMPLEMENTED of
// everything but Regions where it is not enabled.
class SharedMemory {
 public:
  struct Options {
    bool enabled = false;
    size_t max_regions = 256;                   // each holds a file descriptor
    size_t max_request_bytes = 64u << 20;       // what one request may have copied in
    size_t max_copied_bytes = size_t{1} << 30;  // what all running requests may
  };

  explicit SharedMemory(const Options& options);

  bool enabled() const { return options_.enabled; }

  // Errors: INVALID_ARGUMENT; ALREADY_EXISTS; NOT_FOUND: no such object; RESOURCE_EXHAUSTED.
  Status Register(const SharedMemoryRegion& region);
  // One region or, by an empty name, all. One that does not exist is none to unregister.
  Status Unregister(const std::string& name);
  // One region or, by an empty name, all, by name. Errors: NOT_FOUND.
  Result<std::vector<SharedMemoryRegion>> Regions(const std::string& name) const;

  // Where an output is to go. Errors: NOT_FOUND; INVALID_ARGUMENT: not inside the region.
  Result<SharedMemoryTarget> Target(const SharedMemoryPlace& place) const;

 private:
  friend class SharedMemoryReader;

  struct Entry {
    SharedMemoryRegion region;
    std::shared_ptr<const SharedMemoryObject> object;
  };

  struct Location {
    std::shared_ptr<const SharedMemoryObject> object;
    uint64_t position;  // in the object
  };

  Status CheckEnabled() const;
  Result<Location> Locate(const SharedMemoryPlace& place) const;

  const Options options_;
  // Shared with the tensors that were copied, which may outlive this.
  const std::shared_ptr<std::atomic<size_t>> copied_bytes_;
  mutable std::mutex mutex_;
  std::map<std::string, Entry> entries_;
};

// Copies one request's inputs out of shared memory.
// Threads: one. Lifetime: one request's decoding. Errors: Read.
class SharedMemoryReader {
 public:
  explicit SharedMemoryReader(const SharedMemory* memory) : memory_(memory) {}

  // `field` names the input in errors. Errors: NOT_FOUND; INVALID_ARGUMENT: the place is not inside
  // its region, its size is not the tensor's, the object has shrunk, or the elements are not of the
  // datatype; RESOURCE_EXHAUSTED: too much is being copied.
  Result<Tensor> Read(const SharedMemoryPlace& place, DType dtype, const Shape& shape,
                      std::string_view field);

 private:
  const SharedMemory* const memory_;
  uint64_t used_ = 0;
};

}  // namespace flambeau
