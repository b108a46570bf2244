// What the command line of flambeau-server may say, before it becomes each class's own Options.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/config.h"
#include "tensor/shape.h"

namespace flambeau {

// The server's, with their defaults. Lifetime: outlives the parse.
struct Flags {
  std::string models;
  std::string config;
  std::string default_model;
  std::string model_control = "watch";
  std::vector<std::string> load_models;
  std::string host = "127.0.0.1";
  std::string device = "auto";
  std::string log_level = "info";
  std::string log_format = "text";
  std::string trace_file;
  int http_port = 8000;
  int grpc_port = 8001;
  int metrics_port = 8002;
  int instances = 0;
  int threads = 0;
  int64_t max_batch_size = 32;
  int64_t max_queue_delay_us = 0;
  int64_t max_queue_size = 1024;
  int64_t response_cache_bytes = 64 << 20;
  int64_t max_request_bytes = 64 << 20;
  int64_t request_timeout_ms = 60000;
  int64_t max_connections = 4096;
  int http_threads = 0;
  int grpc_threads = 0;
  int64_t grpc_max_connection_age = 0;
  int64_t grpc_max_connection_age_grace = 0;
  int64_t drain_timeout = 30;
  int64_t drain_delay = 0;
  std::string check_models = "child";
  int64_t check_timeout = 60;
  std::string optimizations = "all";
  bool tune = false;
  std::string cache_dir;
  bool allow_shared_memory = false;
  std::vector<std::string> allowed_operators;
};

// Those of `inspect`. Lifetime: as Flags.
struct InspectFlags {
  CLI::App* command;
  InspectConfig config;
  std::string optimizations = "all";
  std::vector<std::string> shapes;
};

// "NAME=1,3,224,224"; nothing if `text` is something else.
std::optional<std::pair<std::string, Shape>> ParseShape(const std::string& text);

// Tell CLI11 the flags, what they mean and which values they take.
void AddServerFlags(CLI::App* app, Flags* flags);
void AddInspectFlags(InspectFlags* inspect);

}  // namespace flambeau
