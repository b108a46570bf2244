#include "grpc/rpcs/model_statistics.h"

#include <string>

#include "proto/inference.pb.h"

namespace flambeau {
namespace {

void Fill(const DurationCount& duration, inference::StatisticDuration* message) {
  message->set_count(duration.count);
  message->set_ns(duration.ns);
}

void Fill(const StatisticsCounts& counts, inference::InferStatistics* message) {
  Fill(counts.success, message->mutable_success());
  Fill(counts.fail, message->mutable_fail());
  Fill(counts.queue, message->mutable_queue());
  Fill(counts.compute_input, message->mutable_compute_input());
  Fill(counts.compute_infer, message->mutable_compute_infer());
  Fill(counts.compute_output, message->mutable_compute_output());
  Fill(counts.cache_hit, message->mutable_cache_hit());
  Fill(counts.cache_miss, message->mutable_cache_miss());
}

void Fill(const BatchCounts& batch, inference::InferBatchStatistics* message) {
  message->set_batch_size(static_cast<uint64_t>(batch.rows));
  Fill(batch.compute_input, message->mutable_compute_input());
  Fill(batch.compute_infer, message->mutable_compute_infer());
  Fill(batch.compute_output, message->mutable_compute_output());
}

void Fill(const MemoryUsage& usage, inference::MemoryUsage* message) {
  message->set_type(usage.type);
  message->set_id(usage.id);
  message->set_byte_size(usage.bytes);
}

void Fill(const ModelStatistics& model, inference::ModelStatistics* message) {
  message->set_name(model.name);
  message->set_version(std::to_string(model.version));
  message->set_last_inference(model.counts.last_inference_ms);
  message->set_inference_count(model.counts.inference_count);
  message->set_execution_count(model.counts.execution_count);
  Fill(model.counts, message->mutable_inference_stats());
  for (const BatchCounts& batch : model.counts.batches) Fill(batch, message->add_batch_stats());
  for (const MemoryUsage& usage : model.memory) Fill(usage, message->add_memory_usage());
}

}  // namespace

Status HandleModelStatistics(const ServerInfo& info,
                             const inference::ModelStatisticsRequest& request,
                             inference::ModelStatisticsResponse* response) {
  const Result<std::vector<ModelStatistics>> statistics =
      info.Statistics(request.name(), request.version());
  if (statistics.ok()) {
    for (const ModelStatistics& model : *statistics) Fill(model, response->add_model_stats());
  }
  return statistics.status();
}

}  // namespace flambeau
