#include "wire/statistics.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace flambeau {
namespace {

using Json = nlohmann::ordered_json;

Json DurationJson(const DurationCount& duration) {
  Json json;
  json["count"] = duration.count;
  json["ns"] = duration.ns;
  return json;
}

Json InferenceJson(const StatisticsCounts& counts) {
  Json json;
  json["success"] = DurationJson(counts.success);
  json["fail"] = DurationJson(counts.fail);
  json["queue"] = DurationJson(counts.queue);
  json["compute_input"] = DurationJson(counts.compute_input);
  json["compute_infer"] = DurationJson(counts.compute_infer);
  json["compute_output"] = DurationJson(counts.compute_output);
  json["cache_hit"] = DurationJson(counts.cache_hit);
  json["cache_miss"] = DurationJson(counts.cache_miss);
  return json;
}

Json BatchJson(const BatchCounts& batch) {
  Json json;
  json["batch_size"] = batch.rows;
  json["compute_input"] = DurationJson(batch.compute_input);
  json["compute_infer"] = DurationJson(batch.compute_infer);
  json["compute_output"] = DurationJson(batch.compute_output);
  return json;
}

Json MemoryJson(const MemoryUsage& usage) {
  Json json;
  json["type"] = usage.type;
  json["id"] = usage.id;
  json["byte_size"] = usage.bytes;
  return json;
}

Json ModelJson(const ModelStatistics& model) {
  Json json;
  json["name"] = model.name;
  json["version"] = std::to_string(model.version);
  json["last_inference"] = model.counts.last_inference_ms;
  json["inference_count"] = model.counts.inference_count;
  json["execution_count"] = model.counts.execution_count;
  json["inference_stats"] = InferenceJson(model.counts);
  json["response_stats"] = Json::object();
  json["batch_stats"] = Json::array();
  for (const BatchCounts& batch : model.counts.batches) {
    json["batch_stats"].push_back(BatchJson(batch));
  }
  json["memory_usage"] = Json::array();
  for (const MemoryUsage& usage : model.memory) json["memory_usage"].push_back(MemoryJson(usage));
  return json;
}

}  // namespace

std::string EncodeStatistics(const std::vector<ModelStatistics>& models) {
  Json json;
  json["model_stats"] = Json::array();
  for (const ModelStatistics& model : models) json["model_stats"].push_back(ModelJson(model));
  return json.dump();
}

}  // namespace flambeau
