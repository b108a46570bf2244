// The parts of an infer request and its answer in JSON, for infer.cc and generate.cc.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "codec/json_cursor.h"
#include "serving/request.h"
#include "serving/shared_memory.h"

namespace flambeau {

// The part of the body after the JSON, used up input by input.
struct BinaryPart {
  std::string_view bytes;
  std::shared_ptr<const void> owner;
  size_t used = 0;
};

// Where inputs' data may be besides the JSON.
struct InputSources {
  BinaryPart binary;
  SharedMemoryReader shared_memory;
};

// `inputs` and `outputs`, at the cursor, added to `request`. Errors: INVALID_ARGUMENT; of inputs
// in shared memory what SharedMemoryReader says.
Status DecodeInputs(JsonCursor* cursor, InputSources* sources, InferRequest* request);
Status DecodeOutputs(JsonCursor* cursor, InferRequest* request);

// The head of an answer's object: its id, model and version, and no end.
void BeginAnswer(const InferResult& result, std::string* body);

// The parameters shared_memory_region, _offset and _byte_size of one input or output.
class PlaceParameters {
 public:
  // Whether the parameter at the cursor is one of them.
  static bool Owns(std::string_view key) { return key.substr(0, 14) == "shared_memory_"; }
  // Takes it. Errors: INVALID_ARGUMENT.
  Status Take(JsonCursor* cursor);
  // What they say; nothing if there are none. `path` names the input or output.
  // Errors: INVALID_ARGUMENT.
  Result<std::optional<SharedMemoryPlace>> Finish(const std::string& path) const;

 private:
  std::optional<std::string> region_;
  std::optional<int64_t> offset_;
  std::optional<int64_t> bytes_;
};

}  // namespace flambeau
