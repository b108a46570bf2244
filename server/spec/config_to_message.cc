#include <string>

#include "proto/model_config.pb.h"
#include "spec/config_message_internal.h"

namespace flambeau {
namespace {

inference::DataType ToDataType(const std::optional<DType>& dtype) {
  if (!dtype) return inference::TYPE_INVALID;
  if (*dtype == DType::kBytes) return inference::TYPE_STRING;
  inference::DataType type = inference::TYPE_INVALID;
  inference::DataType_Parse("TYPE_" + std::string(Name(*dtype)), &type);
  return type;
}

// What inputs and outputs have in common.
template <typename Message>
void FillTensor(const ConfigTensor& tensor, Message* message) {
  message->set_name(tensor.name);
  message->set_data_type(ToDataType(tensor.dtype));
  message->mutable_dims()->Add(tensor.dims.begin(), tensor.dims.end());
  if (tensor.reshape) {
    message->mutable_reshape()->mutable_shape()->Add(tensor.reshape->begin(),
                                                     tensor.reshape->end());
  }
}

void FillGroup(const ConfigInstanceGroup& group, inference::ModelInstanceGroup* message) {
  using Message = inference::ModelInstanceGroup;
  message->set_name(group.name);
  message->set_count(group.count);
  message->mutable_gpus()->Add(group.gpus.begin(), group.gpus.end());
  switch (group.kind) {
    case InstanceKind::kAuto:
      return message->set_kind(Message::KIND_AUTO);
    case InstanceKind::kGpu:
      return message->set_kind(Message::KIND_GPU);
    case InstanceKind::kCpu:
      return message->set_kind(Message::KIND_CPU);
    case InstanceKind::kModel:
      return message->set_kind(Message::KIND_MODEL);
  }
}

void FillPolicy(const ConfigQueuePolicy& policy, inference::ModelQueuePolicy* message) {
  message->set_timeout_action(policy.delay_on_timeout ? inference::ModelQueuePolicy::DELAY
                                                      : inference::ModelQueuePolicy::REJECT);
  message->set_default_timeout_microseconds(policy.default_timeout_us);
  message->set_allow_timeout_override(policy.allow_timeout_override);
  message->set_max_queue_size(policy.max_queue_size);
}

void FillBatching(const ConfigDynamicBatching& batching, inference::ModelDynamicBatching* message) {
  for (const int64_t size : batching.preferred_batch_sizes) {
    message->add_preferred_batch_size(static_cast<int32_t>(size));
  }
  message->set_max_queue_delay_microseconds(batching.max_queue_delay_us.value_or(0));
  message->set_preserve_ordering(batching.preserve_ordering);
  message->set_priority_levels(batching.priority_levels);
  message->set_default_priority_level(batching.default_priority_level);
  FillPolicy(batching.default_queue_policy, message->mutable_default_queue_policy());
  for (const auto& [level, policy] : batching.priority_queue_policy) {
    FillPolicy(policy, &(*message->mutable_priority_queue_policy())[level]);
  }
}

void FillVersions(const ConfigVersionPolicy& policy, inference::ModelVersionPolicy* message) {
  switch (policy.kind) {
    case ConfigVersionPolicy::Kind::kLatest:
      return message->mutable_latest()->set_num_versions(policy.latest);
    case ConfigVersionPolicy::Kind::kAll:
      message->mutable_all();
      return;
    case ConfigVersionPolicy::Kind::kSpecific:
      message->mutable_specific()->mutable_versions()->Add(policy.specific.begin(),
                                                           policy.specific.end());
  }
}

void FillWarmup(const ConfigWarmup& sample, inference::ModelWarmup* message) {
  message->set_name(sample.name);
  message->set_batch_size(static_cast<uint32_t>(sample.batch_size));
  message->set_count(sample.count);
  for (const ConfigWarmupInput& input : sample.inputs) {
    inference::ModelWarmup::Input& filled = (*message->mutable_inputs())[input.name];
    filled.set_data_type(ToDataType(input.dtype));
    filled.mutable_dims()->Add(input.dims.begin(), input.dims.end());
    switch (input.data) {
      case ConfigWarmupInput::Data::kZero:
        filled.set_zero_data(true);
        break;
      case ConfigWarmupInput::Data::kRandom:
        filled.set_random_data(true);
        break;
      case ConfigWarmupInput::Data::kFile:
        filled.set_input_data_file(input.file);
        break;
    }
  }
}

}  // namespace

void ConfigToMessage(const ModelConfig& config, inference::ModelConfig* message) {
  message->set_name(config.name);
  message->set_platform(config.platform);
  message->set_backend(config.backend);
  FillVersions(config.version_policy, message->mutable_version_policy());
  message->set_max_batch_size(static_cast<int32_t>(config.max_batch_size.value_or(0)));
  for (const ConfigTensor& input : config.inputs) {
    inference::ModelInput* filled = message->add_input();
    FillTensor(input, filled);
    filled->set_optional(input.optional);
  }
  for (const ConfigTensor& output : config.outputs) {
    inference::ModelOutput* filled = message->add_output();
    FillTensor(output, filled);
    filled->set_label_filename(output.label_filename);
  }
  for (const ConfigInstanceGroup& group : config.instance_groups) {
    FillGroup(group, message->add_instance_group());
  }
  message->set_default_model_filename(config.default_model_filename);
  if (config.dynamic_batching) {
    FillBatching(*config.dynamic_batching, message->mutable_dynamic_batching());
  }
  for (const auto& [key, value] : config.parameters) {
    (*message->mutable_parameters())[key].set_string_value(value);
  }
  for (const ConfigWarmup& sample : config.warmup) FillWarmup(sample, message->add_model_warmup());
  message->mutable_model_transaction_policy()->set_decoupled(false);
  if (config.response_cache) message->mutable_response_cache()->set_enable(true);
}

}  // namespace flambeau
