// The shared memory extension's own messages in JSON.
// Source: Triton, docs/protocol/extension_shared_memory.md.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "codec/json_numbers.h"
#include "serving/shared_memory.h"

namespace flambeau {

// {"key": ..., "offset": ..., "byte_size": ...}; the offset may be left out. The region's name is
// not in the body.
// Errors: INVALID_ARGUMENT, one sentence.
Result<SharedMemoryRegion> DecodeRegister(PaddedJson body);

// [{"name": ..., "key": ..., "offset": ..., "byte_size": ...}]
std::string EncodeRegions(const std::vector<SharedMemoryRegion>& regions);

}  // namespace flambeau
