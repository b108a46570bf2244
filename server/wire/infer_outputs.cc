#include <utility>

#include "wire/infer_internal.h"
#include "wire/parameters.h"

namespace flambeau {
namespace {

Status DecodeOutputParameters(JsonCursor* cursor, RequestedOutput* output, PlaceParameters* place) {
  FLAMBEAU_RETURN_IF_ERROR(cursor->EnterObject());
  while (true) {
    FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor->NextKey());
    if (!more) return OkStatus();
    if (cursor->key() == "binary_data") {
      FLAMBEAU_ASSIGN_OR_RETURN(output->binary, cursor->TakeBool());
    } else if (cursor->key() == "classification") {
      FLAMBEAU_ASSIGN_OR_RETURN(output->classification, cursor->TakeInt64());
      if (output->classification > 0) continue;
      return InvalidArgument(cursor->Path() + " is " + std::to_string(output->classification) +
                             ": it must be 1 or more");
    } else if (PlaceParameters::Owns(cursor->key())) {
      FLAMBEAU_RETURN_IF_ERROR(place->Take(cursor));
    } else {
      FLAMBEAU_RETURN_IF_ERROR(SkipParameter(cursor));
    }
  }
}

Status DecodeOutput(JsonCursor* cursor, InferRequest* request) {
  RequestedOutput output;
  PlaceParameters place;
  const std::string path = cursor->Path();
  FLAMBEAU_RETURN_IF_ERROR(cursor->EnterObject());
  while (true) {
    FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor->NextKey());
    if (!more) break;
    if (cursor->key() == "name") {
      FLAMBEAU_ASSIGN_OR_RETURN(output.name, cursor->TakeName());
    } else if (cursor->key() == "parameters") {
      FLAMBEAU_RETURN_IF_ERROR(DecodeOutputParameters(cursor, &output, &place));
    } else {
      FLAMBEAU_RETURN_IF_ERROR(cursor->Skip());
    }
  }
  if (output.name.empty()) return InvalidArgument(path + " has no name: name the output");
  FLAMBEAU_ASSIGN_OR_RETURN(output.shared_memory, place.Finish(path));
  // Triton's clients say "binary_data": false with it.
  if (output.shared_memory && output.binary.value_or(false)) {
    return InvalidArgument(path +
                           " has both parameters.binary_data and parameters.shared_memory_region: "
                           "send one of them");
  }
  for (const RequestedOutput& other : request->outputs) {
    if (other.name != output.name) continue;
    return InvalidArgument(path + ".name is '" + output.name +
                           "', as is an earlier output's: ask for each output once");
  }
  request->outputs.push_back(std::move(output));
  return OkStatus();
}

}  // namespace

Status DecodeOutputs(JsonCursor* cursor, InferRequest* request) {
  FLAMBEAU_RETURN_IF_ERROR(cursor->EnterArray());
  while (true) {
    FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor->NextElement());
    if (!more) return OkStatus();
    FLAMBEAU_RETURN_IF_ERROR(DecodeOutput(cursor, request));
  }
}

Status PlaceParameters::Take(JsonCursor* cursor) {
  const std::string& key = cursor->key();
  if (key == "shared_memory_region") {
    FLAMBEAU_ASSIGN_OR_RETURN(region_, cursor->TakeName());
  } else if (key == "shared_memory_offset") {
    FLAMBEAU_ASSIGN_OR_RETURN(offset_, TakeCount(cursor));
  } else if (key == "shared_memory_byte_size") {
    FLAMBEAU_ASSIGN_OR_RETURN(bytes_, TakeCount(cursor));
  } else {
    return InvalidArgument(cursor->Path() +
                           " is not known: use shared_memory_region, shared_memory_offset and "
                           "shared_memory_byte_size");
  }
  return OkStatus();
}

Result<std::optional<SharedMemoryPlace>> PlaceParameters::Finish(const std::string& path) const {
  if (!region_ && !offset_ && !bytes_) return std::optional<SharedMemoryPlace>();
  if (!region_ || !bytes_) {
    return InvalidArgument(path + " has no parameters." +
                           (region_ ? "shared_memory_byte_size" : "shared_memory_region") +
                           ": shared memory needs both");
  }
  return std::optional<SharedMemoryPlace>(
      {*region_, static_cast<uint64_t>(offset_.value_or(0)), static_cast<uint64_t>(*bytes_)});
}

}  // namespace flambeau
