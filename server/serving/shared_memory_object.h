// An open POSIX shared memory object, read and written without a mapping.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/status.h"

namespace flambeau {

// Threads: any. Lifetime: shared; the destructor closes it. Errors: below, with sentences that name
// what the client gave and nothing of the machine's.
class SharedMemoryObject {
 public:
  // Errors: INVALID_ARGUMENT: a key that is no object's name, reserved, or not the client's to use;
  // NOT_FOUND: no such object; RESOURCE_EXHAUSTED: no more files may be open.
  static Result<std::shared_ptr<const SharedMemoryObject>> Open(const std::string& key);
  ~SharedMemoryObject();
  SharedMemoryObject(const SharedMemoryObject&) = delete;
  SharedMemoryObject& operator=(const SharedMemoryObject&) = delete;

  // What it holds now; its client may change that at any time. Errors: INTERNAL.
  Result<uint64_t> Size() const;
  // Exactly `size` bytes from `position`; false if it ends before.
  bool Read(uint64_t position, std::byte* out, size_t size) const;
  // Errors: INVALID_ARGUMENT: it ends before; RESOURCE_EXHAUSTED: the machine's shared memory is
  // full.
  Status Write(uint64_t position, const std::byte* data, size_t size) const;

 private:
  explicit SharedMemoryObject(int fd) : fd_(fd) {}

  const int fd_;
};

}  // namespace flambeau
