// Flags, environment and file -> each class's own Options. Flags beat FLAMBEAU_* variables, which
// beat --config server.json, which beats the defaults.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "backend/optimizations.h"
#include "base/log.h"
#include "base/status.h"
#include "grpc/server.h"
#include "http/listener.h"
#include "repository/repository.h"
#include "serving/gate.h"
#include "serving/shared_memory.h"
#include "tensor/shape.h"

namespace flambeau {

struct ServeConfig {
  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kText;
  std::string device = "auto";
  std::vector<std::string>
      allowed_operators;                   // "aten::from_file": taken although refused by itself
  int instances = 0;                       // 0: what measures best for this machine
  int threads = 0;                         // intra-op per instance; 0: as above
  int metrics_port = 8002;                 // 0: off
  size_t response_cache_bytes = 64 << 20;  // for models whose configuration asks for it; 0: off
  std::string trace_file;                  // empty: nothing is traced
  Duration drain_timeout = std::chrono::seconds(30);
  Duration drain_delay{};      // between not being ready and the drain
  bool check_in_child = true;  // models are tried out in a process of their own before they load
  Duration check_timeout = std::chrono::seconds(60);
  Optimizations optimizations = Optimizations::All();  // that a check may try
  bool tune = false;      // instances, threads and batch sizes that nobody said are measured
  std::string cache_dir;  // empty: the user's own; "none": nothing is kept
  Gate::Options gate;
  HttpListener::Options http;
  GrpcServer::Options grpc;
  Repository::Options repository;
  SharedMemory::Options shared_memory;
};

struct InspectConfig {
  std::string file;
  bool json = false;
  std::string device = "auto";
  bool tune = false;            // measure how it runs best
  int instances = 0;            // with tune: 0: what measures best
  int threads = 0;              // the same; without tune 1
  int64_t max_batch_size = 32;  // up to which batching is proven
  Optimizations optimizations = Optimizations::All();
  std::map<std::string, Shape> shapes;  // of inputs, the batch's dimension first
  // Set by a server that starts this program: the report goes to it, the model's configuration
  // comes from standard input, and the process is confined.
  bool for_server = false;
  uint64_t memory_mib = 0;
  uint64_t seconds = 0;
  std::vector<std::string> allowed_operators;
};

// --help, --version or a mistake: print `text` and exit with `code`.
struct Exit {
  int code = 0;
  std::string text;
};

// Exit codes, documented in --help: 0 done; 1 internal; 2 bad flag, environment variable or config
// file; 3 no such model path, or device not there; 4 port in use; 5 a device failed while serving.
inline constexpr int kExitInternal = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitSetup = 3;
inline constexpr int kExitPort = 4;
inline constexpr int kExitDevice = 5;

// Errors: none; a mistake is an Exit with one sentence.
std::variant<ServeConfig, InspectConfig, Exit> ParseConfig(int argc, const char* const* argv);

}  // namespace flambeau
