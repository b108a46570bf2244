#include "grpc/parameters.h"

#include <cstdint>
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
  if (key == "sequence_id" && !IsSequenceId(value)) {
    return WrongType(key, "an integer or a string");
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

Status CheckTensorParameters(std::string_view kind, const std::string& name,
                             const Parameters& parameters) {
  for (const auto& [key, value] : parameters) {
    if (key.compare(0, 14, "shared_memory_") == 0) {
      return Unimplemented(std::string(kind) + " '" + name +
                           "' refers to shared memory, which this server does not have; send the "
                           "data in the message");
    }
    if (key == "classification") {
      if (!IsCount(value)) return WrongType(key, "an int64 greater than 0");
      return Unimplemented(std::string(kind) + " '" + name +
                           "' asks for classification, which this server does not have; leave the "
                           "parameter out");
    }
  }
  return OkStatus();
}

}  // namespace

Status DecodeParameters(const inference::ModelInferRequest& request, InferRequest* decoded) {
  for (const auto& [key, value] : request.parameters()) {
    FLAMBEAU_RETURN_IF_ERROR(CheckRequestParameter(key, value));
    // 0 is how some clients say "none".
    if (key == "priority") decoded->priority = PriorityOf(value);
    if (key == "timeout" && value.int64_param() > 0) decoded->timeout_us = value.int64_param();
  }
  FLAMBEAU_RETURN_IF_ERROR(CheckSequence(request.parameters()));
  for (const auto& input : request.inputs()) {
    FLAMBEAU_RETURN_IF_ERROR(CheckTensorParameters("input", input.name(), input.parameters()));
  }
  for (const auto& output : request.outputs()) {
    FLAMBEAU_RETURN_IF_ERROR(CheckTensorParameters("output", output.name(), output.parameters()));
  }
  return OkStatus();
}

}  // namespace flambeau
