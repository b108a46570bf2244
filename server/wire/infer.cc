#include "wire/infer.h"

#include <utility>

#include "codec/json_cursor.h"
#include "wire/infer_internal.h"
#include "wire/parameters.h"

namespace flambeau {
namespace {

// Sequences are not served: only the values that mean "no sequence" pass.
Status DecodeSequenceParameter(JsonCursor* cursor) {
  FLAMBEAU_ASSIGN_OR_RETURN(const JsonKind kind, cursor->Kind());
  bool is_set = false;
  if (cursor->key() != "sequence_id") {
    FLAMBEAU_ASSIGN_OR_RETURN(is_set, cursor->TakeBool());
  } else if (kind == JsonKind::kString) {
    FLAMBEAU_ASSIGN_OR_RETURN(const std::string id, cursor->TakeString());
    is_set = !id.empty();
  } else {
    FLAMBEAU_ASSIGN_OR_RETURN(const int64_t id, TakeCount(cursor));
    is_set = id != 0;
  }
  if (!is_set) return OkStatus();
  return Unimplemented(cursor->Path() +
                       " is not supported: leave it out, sequences are not served");
}

Status DecodeParameter(JsonCursor* cursor, InferRequest* request) {
  const std::string& key = cursor->key();
  if (key == "timeout") {
    FLAMBEAU_ASSIGN_OR_RETURN(request->timeout_us, DecodeTimeout(cursor));
    return OkStatus();
  }
  if (key == "binary_data_output") {
    FLAMBEAU_ASSIGN_OR_RETURN(request->binary_output, cursor->TakeBool());
    return OkStatus();
  }
  if (key == "method") {
    FLAMBEAU_ASSIGN_OR_RETURN(request->method, cursor->TakeString());
    return OkStatus();
  }
  if (key == "priority") {
    FLAMBEAU_ASSIGN_OR_RETURN(request->priority, TakeCount(cursor));
    return OkStatus();
  }
  if (key == "triton_enable_empty_final_response") return SkipParameter(cursor);
  if (key == "headers" || key.starts_with("triton_")) {
    return InvalidArgument(cursor->Path() + " is reserved: leave it out");
  }
  if (key == "sequence_id" || key == "sequence_start" || key == "sequence_end") {
    return DecodeSequenceParameter(cursor);
  }
  if (PlaceParameters::Owns(key)) {
    return InvalidArgument(cursor->Path() + " belongs into the parameters of an input or output");
  }
  std::string name = key;
  FLAMBEAU_ASSIGN_OR_RETURN(Value value, TakeParameter(cursor));
  request->parameters.push_back({std::move(name), std::move(value)});
  return OkStatus();
}

Status DecodeParameters(JsonCursor* cursor, InferRequest* request) {
  FLAMBEAU_RETURN_IF_ERROR(cursor->EnterObject());
  while (true) {
    FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor->NextKey());
    if (!more) return OkStatus();
    FLAMBEAU_RETURN_IF_ERROR(DecodeParameter(cursor, request));
  }
}

}  // namespace

Result<InferRequest> DecodeInfer(PaddedJson json, std::string_view binary,
                                 std::shared_ptr<const void> owner,
                                 const SharedMemory& shared_memory) {
  constexpr std::string_view kExpected = R"(a JSON object with "inputs")";
  JsonCursor cursor(json.text);
  FLAMBEAU_RETURN_IF_ERROR(EnterBody(&cursor, json.text, kExpected));
  InferRequest request;
  InputSources sources{{binary, std::move(owner)}, SharedMemoryReader(&shared_memory)};
  bool has_inputs = false;
  while (true) {
    FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor.NextKey());
    if (!more) break;
    const std::string& key = cursor.key();
    if (key == "inputs") {
      has_inputs = true;
      FLAMBEAU_RETURN_IF_ERROR(DecodeInputs(&cursor, &sources, &request));
    } else if (key == "outputs") {
      FLAMBEAU_RETURN_IF_ERROR(DecodeOutputs(&cursor, &request));
    } else if (key == "parameters") {
      FLAMBEAU_RETURN_IF_ERROR(DecodeParameters(&cursor, &request));
    } else if (key == "id") {
      FLAMBEAU_ASSIGN_OR_RETURN(request.id, cursor.TakeString());
    } else {
      FLAMBEAU_RETURN_IF_ERROR(cursor.Skip());
    }
  }
  FLAMBEAU_RETURN_IF_ERROR(cursor.Finish());
  if (!has_inputs) return InvalidArgument("the body has no inputs: send an array of them");
  if (sources.binary.used != binary.size()) {
    return InvalidArgument("the inputs' binary_data_size add up to " +
                           std::to_string(sources.binary.used) + " but " +
                           std::to_string(binary.size()) + " bytes of binary data follow the JSON");
  }
  return request;
}

}  // namespace flambeau
