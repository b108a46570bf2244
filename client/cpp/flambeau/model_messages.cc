#include <google/protobuf/util/json_util.h>

#include <utility>

#include "flambeau/messages_internal.h"

namespace flambeau::client {
namespace {

TensorMetadata ToMetadata(const inference::ModelMetadataResponse::TensorMetadata& message) {
  return {message.name(), message.datatype(), {message.shape().begin(), message.shape().end()}};
}

DurationStatistic ToStatistic(const inference::StatisticDuration& message) {
  return {message.count(), std::chrono::nanoseconds(message.ns())};
}

ModelStatistics ToStatistics(const inference::ModelStatistics& message) {
  const inference::InferStatistics& times = message.inference_stats();
  ModelStatistics statistics;
  statistics.name = message.name();
  statistics.version = message.version();
  statistics.inference_count = message.inference_count();
  statistics.execution_count = message.execution_count();
  statistics.success = ToStatistic(times.success());
  statistics.fail = ToStatistic(times.fail());
  statistics.queue = ToStatistic(times.queue());
  statistics.compute_input = ToStatistic(times.compute_input());
  statistics.compute_infer = ToStatistic(times.compute_infer());
  statistics.compute_output = ToStatistic(times.compute_output());
  statistics.cache_hit = ToStatistic(times.cache_hit());
  statistics.cache_miss = ToStatistic(times.cache_miss());
  return statistics;
}

}  // namespace

ModelMetadata FromMessage(const inference::ModelMetadataResponse& message) {
  ModelMetadata metadata;
  metadata.name = message.name();
  metadata.versions.assign(message.versions().begin(), message.versions().end());
  metadata.platform = message.platform();
  for (const auto& input : message.inputs()) metadata.inputs.push_back(ToMetadata(input));
  for (const auto& output : message.outputs()) metadata.outputs.push_back(ToMetadata(output));
  metadata.properties.insert(message.properties().begin(), message.properties().end());
  return metadata;
}

std::vector<ModelStatistics> FromMessage(const inference::ModelStatisticsResponse& message) {
  std::vector<ModelStatistics> statistics;
  statistics.reserve(message.model_stats_size());
  for (const auto& model : message.model_stats()) statistics.push_back(ToStatistics(model));
  return statistics;
}

std::vector<ModelState> FromMessage(const inference::RepositoryIndexResponse& message) {
  std::vector<ModelState> states;
  for (const auto& model : message.models()) {
    states.push_back({model.name(), model.version(), model.state(), model.reason()});
  }
  return states;
}

absl::StatusOr<ModelConfig> FromMessage(const inference::ModelConfigResponse& message) {
  ModelConfig config{message.config().name(),
                     message.config().platform(),
                     message.config().backend(),
                     message.config().max_batch_size(),
                     {}};
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  const auto written =
      google::protobuf::util::MessageToJsonString(message.config(), &config.json, options);
  if (!written.ok()) return absl::InternalError("the configuration cannot be written as JSON");
  return config;
}

}  // namespace flambeau::client
