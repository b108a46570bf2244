#include "serving/shared_memory_object.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <optional>

#include "base/checked.h"

namespace flambeau {
namespace {

constexpr size_t kMaxName = 254;  // NAME_MAX without the slash
// Objects that other programs keep for themselves: Triton's and LibTorch's workers, semaphores.
constexpr std::array<std::string_view, 4> kReserved = {"triton_python_backend_shm_region_",
                                                       "torch_", "sem.", "flambeau"};

// The object's name without its slash.
Result<std::string> ObjectName(const std::string& key) {
  std::string name = key;
  if (!name.empty() && name.front() == '/') name.erase(0, 1);
  const auto is_plain = [](char c) { return c > 0x20 && c < 0x7F && c != '/'; };
  if (name.empty() || name.size() > kMaxName || name == "." || name == ".." ||
      !std::all_of(name.begin(), name.end(), is_plain)) {
    return InvalidArgument(
        "The key of a shared memory region must be an object's name: a slash and 1 to 254 "
        "characters without blanks or another slash.");
  }
  for (const std::string_view reserved : kReserved) {
    if (name.compare(0, reserved.size(), reserved) != 0) continue;
    return InvalidArgument("A key that begins with '/" + std::string(reserved) +
                           "' is reserved; create the shared memory object under another name.");
  }
  return name;
}

Status OpenError(int error) {
  switch (error) {
    case ENOENT:
      return NotFound(
          "There is no shared memory object of that key on the server's machine; create it before "
          "registering it.");
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return ResourceExhausted("The server cannot open more shared memory; unregister a region.");
    case EACCES:
    case EPERM:
      return InvalidArgument(
          "The server may not read and write the shared memory object of that key; give it "
          "permission.");
    default:
      return InvalidArgument("The key does not name a shared memory object that can be opened.");
  }
}

bool IsPosition(uint64_t position, size_t size) {
  const auto end = CheckedAdd<uint64_t>(position, size);
  return end && *end <= static_cast<uint64_t>(std::numeric_limits<off_t>::max());
}

}  // namespace

Result<std::shared_ptr<const SharedMemoryObject>> SharedMemoryObject::Open(const std::string& key) {
  FLAMBEAU_ASSIGN_OR_RETURN(const std::string name, ObjectName(key));
  const int fd = ::shm_open(("/" + name).c_str(), O_RDWR | O_CLOEXEC, 0);
  if (fd < 0) return OpenError(errno);
  std::shared_ptr<const SharedMemoryObject> object(new SharedMemoryObject(fd));
  struct stat status = {};
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) return OpenError(EINVAL);
  return object;
}

SharedMemoryObject::~SharedMemoryObject() { ::close(fd_); }

Result<uint64_t> SharedMemoryObject::Size() const {
  struct stat status = {};
  if (::fstat(fd_, &status) == 0 && status.st_size >= 0) {
    return static_cast<uint64_t>(status.st_size);
  }
  return Internal("The size of a shared memory object cannot be read.");
}

bool SharedMemoryObject::Read(uint64_t position, std::byte* out, size_t size) const {
  if (!IsPosition(position, size)) return false;
  while (size > 0) {
    const ssize_t count = ::pread(fd_, out, size, static_cast<off_t>(position));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    out += count;
    position += static_cast<uint64_t>(count);
    size -= static_cast<size_t>(count);
  }
  return true;
}

Status SharedMemoryObject::Write(uint64_t position, const std::byte* data, size_t size) const {
  FLAMBEAU_ASSIGN_OR_RETURN(const uint64_t holds, Size());
  const auto end = CheckedAdd<uint64_t>(position, size);
  if (!end || *end > holds || !IsPosition(position, size)) {
    return InvalidArgument(
        "A shared memory object has become smaller than its region; register the region again.");
  }
  while (size > 0) {
    const ssize_t count = ::pwrite(fd_, data, size, static_cast<off_t>(position));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return ResourceExhausted("There is no room left in shared memory.");
    data += count;
    position += static_cast<uint64_t>(count);
    size -= static_cast<size_t>(count);
  }
  return OkStatus();
}

}  // namespace flambeau
