// ModelInfer's messages as bytes on the wire, parsed and written by us: so that a malformed request
// gets a sentence, a request's memory can outlive its call, and results are sent without a copy.
// Threads: any, each with messages of its own.
#pragma once

#include <grpcpp/support/byte_buffer.h>

#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "serving/request.h"

namespace inference {
class ModelInferRequest;
}

namespace flambeau {

// Gives `bytes` back once they are parsed.
// Errors: INVALID_ARGUMENT.
Result<std::shared_ptr<const inference::ModelInferRequest>> ParseInferRequest(
    grpc::ByteBuffer* bytes);

// Always raw contents, one entry per output, as the protocol's clients expect; an empty one for an
// output that `requested` places in shared memory. Large outputs are slices over the result's own
// memory, kept alive until they are sent.
// Errors: RESOURCE_EXHAUSTED if the outputs do not fit one message (2 GiB).
Status WriteInferResponse(const InferResult& result, const std::vector<RequestedOutput>& requested,
                          grpc::ByteBuffer* bytes);

// The same inside a ModelStreamInferResponse, marked triton_final_response: there is one answer to
// each request.
Status WriteStreamAnswer(const InferResult& result, const std::vector<RequestedOutput>& requested,
                         grpc::ByteBuffer* bytes);

// A ModelStreamInferResponse that tells the request `id` why it has no answer.
void WriteStreamError(const std::string& id, const Status& status, grpc::ByteBuffer* bytes);

}  // namespace flambeau
