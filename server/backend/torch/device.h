// Devices through c10's registries: one source for the CPU and the CUDA LibTorch.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/Stream.h>

#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "base/status.h"

namespace flambeau {

// "auto", "cpu", "cuda" or "cuda:N" -> the device.
// Threads: any. Errors: FAILED_PRECONDITION, one sentence, if there is no such device here.
Result<c10::Device> FindDevice(const std::string& wanted);

// A stream of its own for an instance; nothing on the CPU.
std::optional<c10::Stream> NewStream(c10::Device device);

// Waits until everything queued on `stream` is done.
void Synchronize(const c10::Stream& stream);
// The same for what this thread has queued on the device outside any stream of an instance, such as
// weights that were folded at load: instances' streams do not wait for it. Nothing on the CPU.
void SynchronizeDefault(c10::Device device);

// Whether this process can still use its accelerator. A device-side assert, or an access beyond
// memory, ends that for good: every call fails with the same error from then on.
// Threads: any. Lifetime: outlives the models. Errors: none.
class DeviceHealth {
 public:
  // `on_lost` is called once, by the thread that finds out; may be empty.
  explicit DeviceHealth(std::function<void()> on_lost) : on_lost_(std::move(on_lost)) {}

  bool lost() const { return lost_.load(std::memory_order_acquire); }
  // After a run on `stream` failed: asks the device whether it still works. Returns lost().
  bool CheckLost(const c10::Stream& stream) noexcept;

 private:
  const std::function<void()> on_lost_;
  std::atomic<bool> lost_{false};
};

}  // namespace flambeau
