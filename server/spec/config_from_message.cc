#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "proto/model_config.pb.h"
#include "spec/config_message_internal.h"
#include "spec/model_files.h"

namespace flambeau {
namespace {

constexpr size_t kMaxLabelBytes = 16u << 20;
constexpr int kMaxRank = 64;

std::string At(const std::string& field, int index) {
  return field + "[" + std::to_string(index) + "]";
}

std::optional<DType> ToDType(inference::DataType type) {
  switch (type) {
    case inference::TYPE_STRING:
      return DType::kBytes;
    case inference::TYPE_INVALID:
      return std::nullopt;
    default:
      // TYPE_FP32 is the protocol's FP32, and so on.
      return ParseDType(inference::DataType_Name(type).substr(sizeof("TYPE_") - 1));
  }
}

class Reader {
 public:
  Reader(const inference::ModelConfig& message, const LocateField& locate, const ConfigPlace& place)
      : message_(message), locate_(locate), place_(place) {}

  Result<ModelConfig> Read() {
    FLAMBEAU_RETURN_IF_ERROR(ReadIdentity());
    FLAMBEAU_RETURN_IF_ERROR(ReadInputs());
    FLAMBEAU_RETURN_IF_ERROR(ReadOutputs());
    FLAMBEAU_RETURN_IF_ERROR(ReadInstanceGroups());
    FLAMBEAU_RETURN_IF_ERROR(ReadVersionPolicy());
    FLAMBEAU_RETURN_IF_ERROR(ReadWarmup());
    ReadDynamicBatching();
    for (const auto& [key, parameter] : message_.parameters()) {
      config_.parameters[key] = parameter.string_value();
    }
    config_.response_cache = message_.response_cache().enable();
    const ConfigProblem problem = CheckConfig(config_);
    if (!problem.field.empty()) return Wrong(problem.field, problem.what);
    return std::move(config_);
  }

 private:
  Status Wrong(const std::string& field, const std::string& what) const {
    return InvalidArgument(locate_(field) + ": " + field + " " + what + ".");
  }

  Status ReadIdentity() {
    config_.name = message_.name();
    if (!config_.name.empty() && config_.name != place_.model) {
      return Wrong("name", "is '" + config_.name + "' but must be the model's own, '" +
                               place_.model + "', or left out");
    }
    config_.platform = message_.platform();
    const std::string& platform = config_.platform;
    if (!platform.empty() && platform != "pytorch_libtorch" && platform != "pytorch_torchscript") {
      return Wrong("platform", "is '" + platform +
                                   "' but must be pytorch_libtorch: this server runs TorchScript");
    }
    config_.backend = message_.backend();
    if (!config_.backend.empty() && config_.backend != "pytorch") {
      return Wrong("backend", "is '" + config_.backend +
                                  "' but must be pytorch: this server runs TorchScript");
    }
    if (message_.has_max_batch_size()) config_.max_batch_size = message_.max_batch_size();
    // Whoever declares tensors as Triton does means Triton's default.
    if (!config_.max_batch_size && (message_.input_size() > 0 || message_.output_size() > 0)) {
      config_.max_batch_size = 0;
    }
    config_.default_model_filename = message_.default_model_filename();
    const std::string& file = config_.default_model_filename;
    if (!file.empty() && (!IsPlainRelativePath(file) || file.find('/') != std::string::npos)) {
      return Wrong("default_model_filename", "must be a file's name without directories");
    }
    return OkStatus();
  }

  template <typename Dims>
  Result<Shape> ReadDims(const Dims& dims, const std::string& field) const {
    if (dims.size() > kMaxRank) {
      return Wrong(field, "has more than " + std::to_string(kMaxRank) + " dimensions");
    }
    Shape shape(dims.begin(), dims.end());
    for (int i = 0; i < dims.size(); ++i) {
      if (dims[i] != -1 && dims[i] < 1) {
        return Wrong(At(field, i), "is " + std::to_string(dims[i]) + " but must be -1 or above 0");
      }
    }
    return shape;
  }

  // What inputs and outputs have in common.
  template <typename Message>
  Result<ConfigTensor> ReadTensor(const Message& tensor, const std::string& field) {
    ConfigTensor read;
    read.name = tensor.name();
    if (read.name.empty()) return Wrong(field + ".name", "must not be empty");
    if (!names_.insert(read.name).second) {
      return Wrong(field + ".name", "'" + read.name + "' is there twice; give each its own");
    }
    read.dtype = ToDType(tensor.data_type());
    if (tensor.dims_size() == 0) {
      return Wrong(field + ".dims",
                   "must have a dimension; a scalar is dims: [ 1 ] with reshape: { shape: [ ] }");
    }
    FLAMBEAU_ASSIGN_OR_RETURN(read.dims, ReadDims(tensor.dims(), field + ".dims"));
    if (tensor.has_reshape()) {
      const std::string path = field + ".reshape.shape";
      FLAMBEAU_ASSIGN_OR_RETURN(read.reshape, ReadDims(tensor.reshape().shape(), path));
    }
    return read;
  }

  Status ReadInputs() {
    names_.clear();
    for (int i = 0; i < message_.input_size(); ++i) {
      FLAMBEAU_ASSIGN_OR_RETURN(ConfigTensor input, ReadTensor(message_.input(i), At("input", i)));
      input.optional = message_.input(i).optional();
      config_.inputs.push_back(std::move(input));
    }
    return OkStatus();
  }

  Status ReadOutputs() {
    names_.clear();
    for (int i = 0; i < message_.output_size(); ++i) {
      const std::string field = At("output", i);
      FLAMBEAU_ASSIGN_OR_RETURN(ConfigTensor output, ReadTensor(message_.output(i), field));
      output.label_filename = message_.output(i).label_filename();
      if (!output.label_filename.empty()) {
        const auto text = ReadInside(place_.directory, output.label_filename, kMaxLabelBytes);
        if (!text.ok()) return BadFile(field + ".label_filename", text.status());
        output.labels = SplitLines(*text);
      }
      config_.outputs.push_back(std::move(output));
    }
    return OkStatus();
  }

  // ReadInside's sentence after the place and the field.
  Status BadFile(const std::string& field, const Status& status) const {
    return InvalidArgument(locate_(field) + ": " + field + ": " + std::string(Message(status)));
  }

  Status ReadInstanceGroups() {
    for (int i = 0; i < message_.instance_group_size(); ++i) {
      const inference::ModelInstanceGroup& group = message_.instance_group(i);
      const std::string field = At("instance_group", i);
      if (group.count() < 0 || group.count() > 1024) {
        return Wrong(field + ".count", "must be 0 to 1024");
      }
      ConfigInstanceGroup read;
      read.name = group.name();
      read.count = std::max(group.count(), 1);
      read.kind = group.kind() == inference::ModelInstanceGroup::KIND_GPU     ? InstanceKind::kGpu
                  : group.kind() == inference::ModelInstanceGroup::KIND_CPU   ? InstanceKind::kCpu
                  : group.kind() == inference::ModelInstanceGroup::KIND_MODEL ? InstanceKind::kModel
                                                                              : InstanceKind::kAuto;
      read.gpus.assign(group.gpus().begin(), group.gpus().end());
      for (int j = 0; j < group.gpus_size(); ++j) {
        if (group.gpus(j) < 0) return Wrong(At(field + ".gpus", j), "must not be negative");
      }
      if (!read.gpus.empty() && (read.kind == InstanceKind::kCpu)) {
        return Wrong(field + ".gpus", "must be empty with KIND_CPU");
      }
      config_.instance_groups.push_back(std::move(read));
    }
    return OkStatus();
  }

  Status ReadVersionPolicy() {
    using Kind = ConfigVersionPolicy::Kind;
    const inference::ModelVersionPolicy& policy = message_.version_policy();
    ConfigVersionPolicy& read = config_.version_policy;
    if (policy.has_all()) read.kind = Kind::kAll;
    if (policy.has_latest()) {
      read.latest = policy.latest().num_versions();
      if (read.latest == 0) {
        return Wrong("version_policy.latest.num_versions", "must be above 0");
      }
    }
    if (!policy.has_specific()) return OkStatus();
    read.kind = Kind::kSpecific;
    read.specific.assign(policy.specific().versions().begin(), policy.specific().versions().end());
    const std::string field = "version_policy.specific.versions";
    if (read.specific.empty()) return Wrong(field, "must name a version");
    for (size_t i = 0; i < read.specific.size(); ++i) {
      if (read.specific[i] < 1) return Wrong(At(field, static_cast<int>(i)), "must be above 0");
    }
    return OkStatus();
  }

  static ConfigQueuePolicy ToPolicy(const inference::ModelQueuePolicy& policy) {
    return {policy.timeout_action() == inference::ModelQueuePolicy::DELAY,
            policy.default_timeout_microseconds(), policy.allow_timeout_override(),
            policy.max_queue_size()};
  }

  void ReadDynamicBatching() {
    if (!message_.has_dynamic_batching()) return;
    const inference::ModelDynamicBatching& batching = message_.dynamic_batching();
    ConfigDynamicBatching& read = config_.dynamic_batching.emplace();
    read.preferred_batch_sizes.assign(batching.preferred_batch_size().begin(),
                                      batching.preferred_batch_size().end());
    read.max_queue_delay_us = batching.max_queue_delay_microseconds();
    read.preserve_ordering = batching.preserve_ordering();
    read.priority_levels = batching.priority_levels();
    read.default_priority_level = batching.default_priority_level();
    read.default_queue_policy = ToPolicy(batching.default_queue_policy());
    for (const auto& [level, policy] : batching.priority_queue_policy()) {
      read.priority_queue_policy[level] = ToPolicy(policy);
    }
  }

  Status ReadWarmup() {
    for (int i = 0; i < message_.model_warmup_size(); ++i) {
      const inference::ModelWarmup& sample = message_.model_warmup(i);
      const std::string field = At("model_warmup", i);
      ConfigWarmup read;
      read.name = sample.name();
      read.batch_size = sample.batch_size();
      read.count = std::max<uint32_t>(sample.count(), 1);
      if (read.count > 10000) return Wrong(field + ".count", "must be at most 10000");
      if (sample.inputs().empty()) return Wrong(field + ".inputs", "must name an input");
      for (const auto& [name, input] : sample.inputs()) {
        FLAMBEAU_ASSIGN_OR_RETURN(ConfigWarmupInput one, ReadWarmupInput(name, input, field));
        read.inputs.push_back(std::move(one));
      }
      const auto by_name = [](const auto& a, const auto& b) { return a.name < b.name; };
      std::sort(read.inputs.begin(), read.inputs.end(), by_name);
      config_.warmup.push_back(std::move(read));
    }
    return OkStatus();
  }

  Result<ConfigWarmupInput> ReadWarmupInput(const std::string& name,
                                            const inference::ModelWarmup::Input& input,
                                            const std::string& sample) const {
    const std::string field = sample + ".inputs['" + name + "']";
    ConfigWarmupInput read;
    read.name = name;
    const std::optional<DType> dtype = ToDType(input.data_type());
    if (!dtype) return Wrong(field + ".data_type", "must be a datatype");
    read.dtype = *dtype;
    FLAMBEAU_ASSIGN_OR_RETURN(read.dims, ReadDims(input.dims(), field + ".dims"));
    if (std::find(read.dims.begin(), read.dims.end(), -1) != read.dims.end()) {
      return Wrong(field + ".dims", "must say every size; -1 has no meaning here");
    }
    switch (input.input_data_type_case()) {
      case inference::ModelWarmup::Input::kZeroData:
        return read;
      case inference::ModelWarmup::Input::kRandomData:
        read.data = ConfigWarmupInput::Data::kRandom;
        return read;
      case inference::ModelWarmup::Input::kInputDataFile:
        read.data = ConfigWarmupInput::Data::kFile;
        read.file = input.input_data_file();
        if (place_.directory.empty() || !IsPlainRelativePath(read.file)) {
          return Wrong(field + ".input_data_file",
                       "must be a path inside the model's directory's warmup/");
        }
        return read;
      default:
        return Wrong(field, "must have zero_data, random_data or input_data_file");
    }
  }

  const inference::ModelConfig& message_;
  const LocateField& locate_;
  const ConfigPlace& place_;
  ModelConfig config_;
  std::set<std::string> names_;
};

}  // namespace

Result<ModelConfig> ConfigFromMessage(const inference::ModelConfig& message,
                                      const LocateField& locate, const ConfigPlace& place) {
  return Reader(message, locate, place).Read();
}

}  // namespace flambeau
