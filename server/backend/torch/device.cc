#include "backend/torch/device.h"

#include <c10/core/impl/DeviceGuardImplInterface.h>

#include <charconv>

namespace flambeau {
namespace {

constexpr c10::DeviceType kCuda = c10::DeviceType::CUDA;

int CudaDevices() {
  if (!c10::impl::hasDeviceGuardImpl(kCuda)) return 0;
  return c10::impl::getDeviceGuardImpl(kCuda)->deviceCount();
}

std::optional<int> ParseIndex(const std::string& text) {
  int index = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, index);
  if (error != std::errc() || rest != end || index < 0 || index > 127) return std::nullopt;
  return index;
}

Result<c10::Device> FindCuda(int index, const std::string& wanted) {
  if (!c10::impl::hasDeviceGuardImpl(kCuda)) {
    return FailedPrecondition(
        "The device is '" + wanted +
        "', but this LibTorch is built for the CPU only: use --device cpu or a CUDA build of it.");
  }
  const int count = CudaDevices();
  if (index >= count) {
    return FailedPrecondition("The device is '" + wanted + "', but there are " +
                              std::to_string(count) + " CUDA devices here: use --device cpu.");
  }
  return c10::Device(kCuda, static_cast<c10::DeviceIndex>(index));
}

}  // namespace

Result<c10::Device> FindDevice(const std::string& wanted) {
  if (wanted == "cpu") return c10::Device(c10::DeviceType::CPU);
  if (wanted == "auto") {
    return CudaDevices() > 0 ? c10::Device(kCuda, 0) : c10::Device(c10::DeviceType::CPU);
  }
  if (wanted == "cuda") return FindCuda(0, wanted);
  if (wanted.rfind("cuda:", 0) == 0) {
    if (const std::optional<int> index = ParseIndex(wanted.substr(5)))
      return FindCuda(*index, wanted);
  }
  return FailedPrecondition("The device is '" + wanted +
                            "', but must be 'auto', 'cpu', 'cuda' or 'cuda:N'.");
}

std::optional<c10::Stream> NewStream(c10::Device device) {
  if (device.is_cpu()) return std::nullopt;
  return c10::impl::getDeviceGuardImpl(device.type())->getStreamFromGlobalPool(device);
}

void Synchronize(const c10::Stream& stream) {
  c10::impl::getDeviceGuardImpl(stream.device_type())->synchronizeStream(stream);
}

void SynchronizeDefault(c10::Device device) {
  if (device.is_cpu()) return;
  Synchronize(c10::impl::getDeviceGuardImpl(device.type())->getStream(device));
}

bool DeviceHealth::CheckLost(const c10::Stream& stream) noexcept {
  try {
    Synchronize(stream);
  } catch (...) {
    // An error of one call, such as too little memory, is gone with it; this one has stayed.
    if (!lost_.exchange(true, std::memory_order_acq_rel) && on_lost_) on_lost_();
  }
  return lost();
}

}  // namespace flambeau
