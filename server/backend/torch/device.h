// Devices through c10's registries: one source for the CPU and the CUDA LibTorch.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/Stream.h>

#include <optional>
#include <string>

#include "base/status.h"

namespace flambeau {

// "auto", "cpu", "cuda" or "cuda:N" -> the device.
// Threads: any. Errors: FAILED_PRECONDITION, one sentence, if there is no such device here.
Result<c10::Device> FindDevice(const std::string& wanted);

// A stream of its own for an instance; nothing on the CPU.
std::optional<c10::Stream> NewStream(c10::Device device);

// Waits until everything queued on `stream` is done.
void Synchronize(const c10::Stream& stream);

}  // namespace flambeau
