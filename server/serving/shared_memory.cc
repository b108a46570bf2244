#include "serving/shared_memory.h"

#include <algorithm>
#include <utility>

#include "base/checked.h"
#include "base/sentence.h"
#include "codec/convert.h"
#include "serving/shared_memory_object.h"

namespace flambeau {
namespace {

constexpr size_t kMaxName = 255;

Status CheckName(const std::string& name) {
  const auto is_plain = [](char c) { return c >= 0x20 && c < 0x7F && c != '/'; };
  if (!name.empty() && name.size() <= kMaxName && std::all_of(name.begin(), name.end(), is_plain)) {
    return OkStatus();
  }
  return InvalidArgument(
      "The name of a shared memory region must be 1 to 255 printable characters without a slash.");
}

Status NoSuchRegion(const std::string& name) {
  return NotFound("There is no shared memory region " + Quote(name.substr(0, kMaxName)) +
                  "; register it first.");
}

// Where in its object a place begins.
Result<uint64_t> PositionOf(const SharedMemoryRegion& region, const SharedMemoryPlace& place) {
  const auto end = CheckedAdd(place.offset, place.bytes);
  if (end && *end <= region.byte_size) return region.offset + place.offset;
  return InvalidArgument("An offset of " + std::to_string(place.offset) + " and a size of " +
                         std::to_string(place.bytes) + " are not inside the " +
                         std::to_string(region.byte_size) + " bytes of shared memory region " +
                         Quote(region.name) + ".");
}

// Gives `bytes` back to the count of what is copied once the last tensor over it is gone.
struct CountedCopy {
  CountedCopy(std::shared_ptr<std::atomic<size_t>> total, size_t bytes)
      : total(std::move(total)), bytes(bytes) {
    *this->total += bytes;
  }
  ~CountedCopy() { *total -= bytes; }
  CountedCopy(const CountedCopy&) = delete;
  CountedCopy& operator=(const CountedCopy&) = delete;

  const std::shared_ptr<std::atomic<size_t>> total;
  const size_t bytes;
  Tensor memory;
};

// Before anything is allocated: a size that cannot be right.
Status CheckSize(const SharedMemoryPlace& place, DType dtype, const Shape& shape,
                 std::string_view field) {
  if (dtype == DType::kBytes || ByteSize(dtype, shape) == place.bytes) return OkStatus();
  return InvalidArgument(std::string(field) + " has " + std::to_string(place.bytes) +
                         " bytes in shared memory, which is not the size of datatype " +
                         std::string(Name(dtype)) + " and shape " + ToString(shape) + ".");
}

}  // namespace

SharedMemory::SharedMemory(const Options& options)
    : options_(options), copied_bytes_(std::make_shared<std::atomic<size_t>>(0)) {}

Status SharedMemory::CheckEnabled() const {
  if (options_.enabled) return OkStatus();
  return Unimplemented(
      "Shared memory is off; send the data in the request, or start the server with "
      "--allow-shared-memory.");
}

Status SharedMemory::Register(const SharedMemoryRegion& region) {
  FLAMBEAU_RETURN_IF_ERROR(CheckEnabled());
  FLAMBEAU_RETURN_IF_ERROR(CheckName(region.name));
  if (region.byte_size == 0) {
    return InvalidArgument("The byte_size of a shared memory region must be 1 or more.");
  }
  FLAMBEAU_ASSIGN_OR_RETURN(auto object, SharedMemoryObject::Open(region.key));
  FLAMBEAU_ASSIGN_OR_RETURN(const uint64_t holds, object->Size());
  const auto end = CheckedAdd(region.offset, region.byte_size);
  if (!end || *end > holds) {
    return InvalidArgument("An offset of " + std::to_string(region.offset) +
                           " and a byte_size of " + std::to_string(region.byte_size) +
                           " are not inside the shared memory object, which has " +
                           std::to_string(holds) + " bytes.");
  }
  const std::scoped_lock lock(mutex_);
  if (entries_.count(region.name) != 0) {
    return Status(
        StatusCode::kAlreadyExists,
        "There is a shared memory region " + Quote(region.name) + " already; unregister it first.");
  }
  if (entries_.size() >= options_.max_regions) {
    return ResourceExhausted("There are " + std::to_string(entries_.size()) +
                             " shared memory regions, as many as there may be; unregister one.");
  }
  entries_.emplace(region.name, Entry{region, std::move(object)});
  return OkStatus();
}

Status SharedMemory::Unregister(const std::string& name) {
  FLAMBEAU_RETURN_IF_ERROR(CheckEnabled());
  const std::scoped_lock lock(mutex_);
  if (name.empty()) {
    entries_.clear();
  } else {
    entries_.erase(name);
  }
  return OkStatus();
}

Result<std::vector<SharedMemoryRegion>> SharedMemory::Regions(const std::string& name) const {
  std::vector<SharedMemoryRegion> regions;
  const std::scoped_lock lock(mutex_);
  for (const auto& [key, entry] : entries_) {
    if (name.empty() || name == key) regions.push_back(entry.region);
  }
  if (!name.empty() && regions.empty()) return NoSuchRegion(name);
  return regions;
}

Result<SharedMemory::Location> SharedMemory::Locate(const SharedMemoryPlace& place) const {
  FLAMBEAU_RETURN_IF_ERROR(CheckEnabled());
  const std::scoped_lock lock(mutex_);
  const auto found = entries_.find(place.region);
  if (found == entries_.end()) return NoSuchRegion(place.region);
  FLAMBEAU_ASSIGN_OR_RETURN(const uint64_t position, PositionOf(found->second.region, place));
  return Location{found->second.object, position};
}

Result<SharedMemoryTarget> SharedMemory::Target(const SharedMemoryPlace& place) const {
  FLAMBEAU_ASSIGN_OR_RETURN(Location location, Locate(place));
  return SharedMemoryTarget(std::move(location.object), place, location.position);
}

Status SharedMemoryTarget::Write(const Tensor& tensor, std::string_view output) const {
  if (tensor.bytes() > place_.bytes) {
    return InvalidArgument("Output " + Quote(output) + " has " + std::to_string(tensor.bytes()) +
                           " bytes, but its place in shared memory region " + Quote(place_.region) +
                           " has " + std::to_string(place_.bytes) +
                           "; make shared_memory_byte_size larger.");
  }
  return object_->Write(position_, tensor.data(), tensor.bytes());
}

Result<Tensor> SharedMemoryReader::Read(const SharedMemoryPlace& place, DType dtype,
                                        const Shape& shape, std::string_view field) {
  FLAMBEAU_ASSIGN_OR_RETURN(const SharedMemory::Location location, memory_->Locate(place));
  FLAMBEAU_RETURN_IF_ERROR(CheckSize(place, dtype, shape, field));
  const auto used = CheckedAdd(used_, place.bytes);
  if (!used || *used > memory_->options_.max_request_bytes) {
    return InvalidArgument("The request's inputs in shared memory have more than " +
                           std::to_string(memory_->options_.max_request_bytes) +
                           " bytes; send fewer, or start the server with more "
                           "--max-request-bytes.");
  }
  used_ = *used;
  auto copy = std::make_shared<CountedCopy>(memory_->copied_bytes_, place.bytes);
  if (*copy->total > memory_->options_.max_copied_bytes) {
    return ResourceExhausted(
        "Too much is being copied out of shared memory; try again in a moment.");
  }
  FLAMBEAU_ASSIGN_OR_RETURN(copy->memory, Tensor::AllocateBytes(dtype, shape, place.bytes));
  if (!location.object->Read(location.position, copy->memory.mutable_data(), place.bytes)) {
    return InvalidArgument("The object of shared memory region " + Quote(place.region) +
                           " has become smaller than the region; register it again.");
  }
  const std::string_view bytes(reinterpret_cast<const char*>(copy->memory.data()), place.bytes);
  return TensorFromBinary(dtype, shape, bytes, std::move(copy), field);
}

}  // namespace flambeau
