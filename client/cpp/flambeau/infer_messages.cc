#include <charconv>
#include <utility>

#include "flambeau/messages_internal.h"

namespace flambeau::client {
namespace {

using Parameters = google::protobuf::Map<std::string, inference::InferParameter>;

struct ParameterSetter {
  inference::InferParameter* parameter;

  void operator()(bool value) const { parameter->set_bool_param(value); }
  void operator()(int64_t value) const { parameter->set_int64_param(value); }
  void operator()(double value) const { parameter->set_double_param(value); }
  void operator()(const std::string& value) const { parameter->set_string_param(value); }
};

void SetSlice(const SharedMemorySlice& slice, Parameters* parameters) {
  (*parameters)["shared_memory_region"].set_string_param(slice.region);
  (*parameters)["shared_memory_byte_size"].set_int64_param(static_cast<int64_t>(slice.byte_size));
  if (slice.offset == 0) return;
  (*parameters)["shared_memory_offset"].set_int64_param(static_cast<int64_t>(slice.offset));
}

uint64_t CountOf(const Parameters& parameters, const char* key) {
  const auto found = parameters.find(key);
  if (found == parameters.end()) return 0;
  return found->second.has_uint64_param() ? found->second.uint64_param()
                                          : static_cast<uint64_t>(found->second.int64_param());
}

std::optional<SharedMemorySlice> SliceOf(const Parameters& parameters) {
  const auto region = parameters.find("shared_memory_region");
  if (region == parameters.end()) return std::nullopt;
  return SharedMemorySlice{region->second.string_param(),
                           CountOf(parameters, "shared_memory_offset"),
                           CountOf(parameters, "shared_memory_byte_size")};
}

void AddInput(Tensor input, inference::ModelInferRequest* message) {
  auto* tensor = message->add_inputs();
  tensor->set_name(std::move(input.name));
  tensor->set_datatype(std::move(input.datatype));
  tensor->mutable_shape()->Add(input.shape.begin(), input.shape.end());
  if (input.shared_memory) {
    SetSlice(*input.shared_memory, tensor->mutable_parameters());
  } else {
    message->add_raw_input_contents(std::move(input.bytes));
  }
}

}  // namespace

absl::Status ToStatus(const grpc::Status& status, bool cancelled) {
  if (status.error_code() == grpc::StatusCode::CANCELLED) {
    if (cancelled) return absl::CancelledError("the call was cancelled");
    return absl::UnavailableError("the call was cut off before its answer");
  }
  // gRPC's codes are Abseil's canonical ones, number for number.
  return {static_cast<absl::StatusCode>(status.error_code()), status.error_message()};
}

Pushback PushbackOf(const grpc::ClientContext& context) {
  const auto& metadata = context.GetServerTrailingMetadata();
  const auto found = metadata.find("grpc-retry-pushback-ms");
  if (found == metadata.end()) return std::nullopt;
  const char* const end = found->second.data() + found->second.size();
  int32_t value = -1;  // as gRPC reads it: what is no number forbids, too
  const auto parsed = std::from_chars(found->second.data(), end, value);
  if (parsed.ec != std::errc() || parsed.ptr != end) value = -1;
  return std::chrono::milliseconds(value);
}

void SetDeadline(TimePoint deadline, grpc::ClientContext* context) {
  const auto left = deadline - std::chrono::steady_clock::now();
  context->set_deadline(std::chrono::system_clock::now() +
                        std::chrono::duration_cast<std::chrono::system_clock::duration>(left));
}

inference::ModelInferRequest ToMessage(InferRequest request) {
  inference::ModelInferRequest message;
  message.set_model_name(std::move(request.model));
  message.set_model_version(std::move(request.version));
  message.set_id(std::move(request.id));
  for (Tensor& input : request.inputs) AddInput(std::move(input), &message);
  for (std::string& output : request.outputs) {
    if (request.outputs_in_memory.count(output) != 0) continue;
    message.add_outputs()->set_name(std::move(output));
  }
  for (const auto& [name, slice] : request.outputs_in_memory) {
    auto* output = message.add_outputs();
    output->set_name(name);
    SetSlice(slice, output->mutable_parameters());
  }
  for (const auto& [key, value] : request.parameters) {
    std::visit(ParameterSetter{&(*message.mutable_parameters())[key]}, value);
  }
  return message;
}

absl::StatusOr<InferResponse> FromMessage(inference::ModelInferResponse* message) {
  if (message->raw_output_contents_size() != message->outputs_size()) {
    return absl::UnimplementedError(
        "the server answers with typed contents, which this client does not read");
  }
  InferResponse response{message->model_name(), message->model_version(), message->id(), {}};
  for (int i = 0; i < message->outputs_size(); ++i) {
    const auto& output = message->outputs(i);
    response.outputs.push_back({output.name(),
                                output.datatype(),
                                {output.shape().begin(), output.shape().end()},
                                std::move(*message->mutable_raw_output_contents(i)),
                                SliceOf(output.parameters())});
  }
  return response;
}

}  // namespace flambeau::client
