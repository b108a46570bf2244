// Every metric name, in one place. nv_* are Triton's, under its names and labels, so that existing
// dashboards work; flambeau_* and process_* are what those lack.
#pragma once

namespace flambeau {

struct MetricName {
  const char* name;
  const char* help;
};

// Triton's, labels: model, version.
inline constexpr MetricName kMetricNvSuccess = {"nv_inference_request_success",
                                                "Number of successful inference requests"};
// And label reason: REJECTED, CANCELED, BACKEND or OTHER.
inline constexpr MetricName kMetricNvFailure = {"nv_inference_request_failure",
                                                "Number of failed inference requests"};
inline constexpr MetricName kMetricNvCount = {"nv_inference_count", "Number of rows inferred"};
inline constexpr MetricName kMetricNvExecCount = {"nv_inference_exec_count",
                                                  "Number of runs of the model"};
inline constexpr MetricName kMetricNvRequestDuration = {
    "nv_inference_request_duration_us",
    "Cumulative time of successful requests from arrival to answer, in microseconds"};
inline constexpr MetricName kMetricNvQueueDuration = {
    "nv_inference_queue_duration_us",
    "Cumulative time spent waiting in the queue, in microseconds"};
inline constexpr MetricName kMetricNvComputeInput = {
    "nv_inference_compute_input_duration_us",
    "Cumulative time spent making batches of inputs, in microseconds"};
inline constexpr MetricName kMetricNvComputeInfer = {
    "nv_inference_compute_infer_duration_us",
    "Cumulative time spent in the model, in microseconds"};
inline constexpr MetricName kMetricNvComputeOutput = {
    "nv_inference_compute_output_duration_us",
    "Cumulative time spent taking results apart, in microseconds"};
inline constexpr MetricName kMetricNvPending = {"nv_inference_pending_request_count",
                                                "Requests waiting in the queue, not yet running"};
// Only for models that use the response cache.
inline constexpr MetricName kMetricNvCacheHits = {
    "nv_cache_num_hits_per_model", "Number of requests that the response cache answered"};
inline constexpr MetricName kMetricNvCacheMisses = {
    "nv_cache_num_misses_per_model", "Number of requests that the response cache could not answer"};
inline constexpr MetricName kMetricNvCacheHitDuration = {
    "nv_cache_hit_duration_per_model",
    "Cumulative time spent looking up answers that were found, in microseconds"};
inline constexpr MetricName kMetricNvCacheMissDuration = {
    "nv_cache_miss_duration_per_model",
    "Cumulative time spent looking up answers in vain and storing new ones, in microseconds"};
inline constexpr MetricName kMetricNvLoadDuration = {"nv_model_load_duration_secs",
                                                     "Time the model took to load, in seconds"};

// Of the whole machine; no labels.
inline constexpr MetricName kMetricNvCpuUtilization = {
    "nv_cpu_utilization", "CPU utilization of the machine since the last scrape, 0 to 1"};
inline constexpr MetricName kMetricNvCpuMemoryTotal = {"nv_cpu_memory_total_bytes",
                                                       "Memory of the machine"};
inline constexpr MetricName kMetricNvCpuMemoryUsed = {
    "nv_cpu_memory_used_bytes", "Memory of the machine that is not available to new programs"};

// Labels: model, version, protocol (http, grpc), status (OK, INVALID_ARGUMENT, ...).
inline constexpr MetricName kMetricRequests = {"flambeau_requests_total",
                                               "Requests by how they ended, refused ones included"};
// Labels: model, version.
inline constexpr MetricName kMetricRequestSeconds = {
    "flambeau_request_seconds", "Time from arrival to answer, however a request ended"};
inline constexpr MetricName kMetricQueueSeconds = {"flambeau_queue_seconds",
                                                   "Time a successful request waited in the queue"};
inline constexpr MetricName kMetricComputeSeconds = {"flambeau_compute_seconds",
                                                     "Time of one run of the model"};
inline constexpr MetricName kMetricBatchRows = {"flambeau_batch_rows",
                                                "Rows of one run of the model"};
inline constexpr MetricName kMetricQueueDepth = {"flambeau_queue_depth",
                                                 "Requests waiting in the queue"};
inline constexpr MetricName kMetricModelInFlight = {
    "flambeau_model_in_flight", "Requests that this model has accepted and not yet answered"};
inline constexpr MetricName kMetricLoadSeconds = {
    "flambeau_model_load_seconds", "Time the model took to load, warm-up and proof included"};
// And label state: LOADING, READY, UNAVAILABLE or UNLOADING; 1 for the one it is in.
inline constexpr MetricName kMetricModelState = {"flambeau_model_state",
                                                 "1 for the state the model is in"};
// Labels: model, version.
inline constexpr MetricName kMetricLoadFailed = {
    "flambeau_model_load_failed",
    "1 while what is on disk could not be loaded, though an older one may serve"};
// Label: model.
inline constexpr MetricName kMetricLoadFailures = {"flambeau_model_load_failures_total",
                                                   "Loads that failed"};

inline constexpr MetricName kMetricInFlight = {"flambeau_in_flight",
                                               "Requests accepted and not yet answered"};
// Label: listener.
inline constexpr MetricName kMetricConnections = {"flambeau_connections", "Open connections"};

inline constexpr MetricName kMetricProcessCpu = {"process_cpu_seconds_total",
                                                 "User and system CPU time, in seconds"};
inline constexpr MetricName kMetricProcessResident = {"process_resident_memory_bytes",
                                                      "Resident memory"};
inline constexpr MetricName kMetricProcessVirtual = {"process_virtual_memory_bytes",
                                                     "Virtual memory"};
inline constexpr MetricName kMetricProcessThreads = {"process_threads", "Threads"};
inline constexpr MetricName kMetricProcessOpenFds = {"process_open_fds", "Open file descriptors"};
inline constexpr MetricName kMetricProcessMaxFds = {"process_max_fds",
                                                    "The limit on open file descriptors"};
inline constexpr MetricName kMetricProcessStart = {"process_start_time_seconds",
                                                   "Start of the process, in seconds since 1970"};

}  // namespace flambeau
