#include "flambeau/shared_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <random>
#include <utility>

#include "flambeau/client.h"

namespace flambeau::client {
namespace {

// Nobody waits long for a server that has gone.
constexpr std::chrono::seconds kUnregisterTimeout(5);

std::string NewKey() {
  std::random_device random;
  return "/client-" + std::to_string(::getpid()) + "-" + std::to_string(random());
}

absl::Status SystemError(const char* what) {
  return absl::InternalError(std::string(what) + ": " + std::strerror(errno));
}

}  // namespace

absl::StatusOr<std::unique_ptr<SharedMemory>> SharedMemory::Create(Client* client, std::string name,
                                                                   size_t byte_size) {
  if (byte_size == 0) return absl::InvalidArgumentError("byte_size is 0; give it at least 1");
  std::unique_ptr<SharedMemory> memory(new SharedMemory(client, std::move(name), NewKey()));
  if (const absl::Status mapped = memory->Map(byte_size); !mapped.ok()) return mapped;
  const absl::Status registered =
      client->RegisterSharedMemory(memory->name_, memory->key_, byte_size);
  if (!registered.ok()) return registered;
  memory->registered_ = true;
  return memory;
}

SharedMemory::SharedMemory(Client* client, std::string name, std::string key)
    : client_(client), name_(std::move(name)), key_(std::move(key)) {}

absl::Status SharedMemory::Map(size_t byte_size) {
  const int fd = ::shm_open(key_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return SystemError("shared memory cannot be created");
  absl::Status status;
  // Takes the pages now: a full /dev/shm is an error here, not a signal at the first write.
  if (const int error = ::posix_fallocate(fd, 0, static_cast<off_t>(byte_size)); error != 0) {
    errno = error;
    status = SystemError("shared memory cannot be made that large");
  } else if (void* const at = ::mmap(nullptr, byte_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
             at == MAP_FAILED) {
    status = SystemError("shared memory cannot be mapped");
  } else {
    bytes_ = {static_cast<std::byte*>(at), byte_size};
  }
  ::close(fd);
  if (!status.ok()) ::shm_unlink(key_.c_str());
  return status;
}

SharedMemory::~SharedMemory() {
  // A server that cannot be told keeps the name, but the memory is freed when it ends.
  if (registered_) (void)client_->UnregisterSharedMemory(name_, {.timeout = kUnregisterTimeout});
  if (bytes_.empty()) return;
  ::munmap(bytes_.data(), bytes_.size());
  ::shm_unlink(key_.c_str());
}

}  // namespace flambeau::client
