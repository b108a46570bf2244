#include "grpc/parameters_internal.h"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "proto/inference.pb.h"

namespace flambeau {
namespace {

using inference::InferParameter;
using Parameters = google::protobuf::Map<std::string, InferParameter>;

Status WrongType(std::string_view key, std::string_view wanted) {
  return InvalidArgument("parameter '" + std::string(key) + "' must be " + std::string(wanted));
}

bool IsCount(const InferParameter& value) {
  return value.parameter_choice_case() == InferParameter::kInt64Param && value.int64_param() >= 0;
}

bool IsPriority(const InferParameter& value) {
  return value.parameter_choice_case() == InferParameter::kUint64Param || IsCount(value);
}

uint64_t PriorityOf(const InferParameter& value) {
  return value.parameter_choice_case() == InferParameter::kUint64Param
             ? value.uint64_param()
             : static_cast<uint64_t>(value.int64_param());
}

bool IsBool(const InferParameter& value) {
  return value.parameter_choice_case() == InferParameter::kBoolParam;
}

bool IsSequenceId(const InferParameter& value) {
  return value.parameter_choice_case() == InferParameter::kInt64Param ||
         value.parameter_choice_case() == InferParameter::kUint64Param ||
         value.parameter_choice_case() == InferParameter::kStringParam;
}

// A correlation id of 0 or "" is the protocol's way of saying "no sequence".
bool NamesSequence(const InferParameter& value) {
  return value.int64_param() != 0 || value.uint64_param() != 0 || !value.string_param().empty();
}

// Of a parameter that has a value. A uint64 that is no int64 is an FP64: no argument is that large.
Value ToValue(const InferParameter& value) {
  switch (value.parameter_choice_case()) {
    case InferParameter::kBoolParam:
      return Value{value.bool_param()};
    case InferParameter::kInt64Param:
      return Value{static_cast<int64_t>(value.int64_param())};
    case InferParameter::kUint64Param:
      if (value.uint64_param() > std::numeric_limits<int64_t>::max()) {
        return Value{static_cast<double>(value.uint64_param())};
      }
      return Value{static_cast<int64_t>(value.uint64_param())};
    case InferParameter::kDoubleParam:
      return Value{value.double_param()};
    default:
      return Value{value.string_param()};
  }
}

// Those with a meaning in the protocol, beside those that are taken over.
bool IsProtocols(std::string_view key) {
  return key == "binary_data_output" || key == "sequence_id" || key == "sequence_start" ||
         key == "sequence_end" || key == "triton_enable_empty_final_response";
}

bool IsSharedMemory(const std::string& key) { return key.compare(0, 14, "shared_memory_") == 0; }

Status CheckRequestParameter(const std::string& key, const InferParameter& value) {
  if (value.parameter_choice_case() == InferParameter::PARAMETER_CHOICE_NOT_SET) {
    return InvalidArgument("parameter '" + key + "' has no value; set one or leave it out");
  }
  if (key == "timeout" && !IsCount(value)) {
    return WrongType(key, "an int64 of microseconds, at least 0");
  }
  if (key == "priority" && !IsPriority(value)) {
    return WrongType(key, "an int64 or uint64 of at least 0");
  }
  if (key == "method" && value.parameter_choice_case() != InferParameter::kStringParam) {
    return WrongType(key, "a string");
  }
  if (key == "sequence_id" && !IsSequenceId(value)) {
    return WrongType(key, "an integer or a string");
  }
  if (IsSharedMemory(key)) {
    return InvalidArgument("parameter '" + key + "' belongs to an input or an output");
  }
  const bool flag = key == "sequence_start" || key == "sequence_end" ||
                    key == "binary_data_output" || key == "triton_enable_empty_final_response";
  if (flag && !IsBool(value)) return WrongType(key, "a bool");
  if (key == "headers" || (!flag && key.compare(0, 7, "triton_") == 0)) {
    return InvalidArgument("parameter '" + key + "' is reserved; leave it out");
  }
  return OkStatus();
}

// Once every parameter is well formed, so that the answer does not depend on their order.
Status CheckSequence(const Parameters& parameters) {
  const auto id = parameters.find("sequence_id");
  if (id == parameters.end() || !NamesSequence(id->second)) return OkStatus();
  return Unimplemented(
      "parameter 'sequence_id' asks for a sequence, which this server does not have; leave it out");
}

Result<uint64_t> TakeCount(const std::string& key, const InferParameter& value) {
  if (value.parameter_choice_case() == InferParameter::kUint64Param) return value.uint64_param();
  if (!IsCount(value)) return WrongType(key, "an int64 of at least 0");
  return static_cast<uint64_t>(value.int64_param());
}

}  // namespace

Result<std::optional<SharedMemoryPlace>> DecodePlace(const Parameters& parameters) {
  std::optional<SharedMemoryPlace> place;
  bool has_region = false;
  bool has_size = false;
  for (const auto& [key, value] : parameters) {
    if (!IsSharedMemory(key)) continue;
    if (!place) place.emplace();
    if (key == "shared_memory_region") {
      has_region = value.parameter_choice_case() == InferParameter::kStringParam;
      if (!has_region) return WrongType(key, "a string");
      place->region = value.string_param();
    } else if (key == "shared_memory_offset") {
      FLAMBEAU_ASSIGN_OR_RETURN(place->offset, TakeCount(key, value));
    } else if (key == "shared_memory_byte_size") {
      FLAMBEAU_ASSIGN_OR_RETURN(place->bytes, TakeCount(key, value));
      has_size = true;
    } else {
      return InvalidArgument("parameter '" + key +
                             "' is not known; use shared_memory_region, shared_memory_offset and "
                             "shared_memory_byte_size");
    }
  }
  if (place && (!has_region || !has_size)) {
    return InvalidArgument(
        std::string("parameter '") +
        (has_region ? "shared_memory_byte_size" : "shared_memory_region") +
        "' is missing; shared memory needs both shared_memory_region and shared_memory_byte_size");
  }
  return place;
}

Result<int64_t> DecodeClassification(const Parameters& parameters) {
  const auto found = parameters.find("classification");
  if (found == parameters.end()) return int64_t{0};
  if (!IsCount(found->second) || found->second.int64_param() == 0) {
    return WrongType("classification", "an int64 greater than 0");
  }
  return found->second.int64_param();
}

Status DecodeParameters(const inference::ModelInferRequest& request, InferRequest* decoded) {
  for (const auto& [key, value] : request.parameters()) {
    FLAMBEAU_RETURN_IF_ERROR(CheckRequestParameter(key, value));
    if (key == "method") {
      decoded->method = value.string_param();
    } else if (key == "priority") {
      decoded->priority = PriorityOf(value);
    } else if (key == "timeout") {
      // 0 is how some clients say "none".
      if (value.int64_param() > 0) decoded->timeout_us = value.int64_param();
    } else if (!IsProtocols(key)) {
      decoded->parameters.push_back({key, ToValue(value)});
    }
  }
  return CheckSequence(request.parameters());
}

}  // namespace flambeau
