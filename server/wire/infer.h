// The Open Inference Protocol's infer messages in JSON, with the binary tensor data extension.
// Source: KServe open-inference-protocol, rest/inference_rest.yaml; Triton
// extension_binary_data.md.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "codec/json_numbers.h"
#include "serving/request.h"
#include "serving/shared_memory.h"

namespace flambeau {

// `json`: the JSON part; `binary`: what follows it in the body; `owner` keeps `binary` alive, so
// that tensors are views into it.
// Keys in any order, duplicate keys refused, unknown top-level keys ignored as the protocol says.
// Inputs in shared memory are copied out of it.
// Errors: INVALID_ARGUMENT, one sentence; of inputs in shared memory what SharedMemoryReader says.
Result<InferRequest> DecodeInfer(PaddedJson json, std::string_view binary,
                                 std::shared_ptr<const void> owner,
                                 const SharedMemory& shared_memory);

struct EncodedInfer {
  std::string body;  // JSON, then binary
  // Length of the JSON part; nothing if no binary follows (and the header is not sent).
  std::optional<size_t> header_length;
};

// `request` tells which outputs go binary, and which went to shared memory and are not in the
// answer. Errors: INVALID_ARGUMENT: bytes that JSON cannot carry.
Result<EncodedInfer> EncodeInfer(const InferResult& result, const InferRequest& request);

}  // namespace flambeau
