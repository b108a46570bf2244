// Flags, environment and file -> each class's own Options. Flags beat FLAMBEAU_* variables, which
// beat --config server.json, which beats the defaults.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "base/log.h"
#include "base/status.h"
#include "grpc/server.h"
#include "http/listener.h"
#include "repository/repository.h"
#include "serving/gate.h"
#include "serving/shared_memory.h"

namespace flambeau {

struct ServeConfig {
  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kText;
  std::string device = "auto";
  int instances = 0;                       // 0: what measures best for this machine
  int threads = 0;                         // intra-op per instance; 0: as above
  int metrics_port = 8002;                 // 0: off
  size_t response_cache_bytes = 64 << 20;  // for models whose configuration asks for it; 0: off
  Duration drain_timeout = std::chrono::seconds(30);
  Gate::Options gate;
  HttpListener::Options http;
  GrpcServer::Options grpc;
  Repository::Options repository;
  SharedMemory::Options shared_memory;
};

struct InspectConfig {
  std::string file;
  bool json = false;
};

// --help, --version or a mistake: print `text` and exit with `code`.
struct Exit {
  int code = 0;
  std::string text;
};

// Exit codes, documented in --help: 0 done; 1 internal; 2 bad flag, environment variable or config
// file; 3 no such model path, or device not there; 4 port in use.
inline constexpr int kExitInternal = 1;
inline constexpr int kExitUsage = 2;
inline constexpr int kExitSetup = 3;
inline constexpr int kExitPort = 4;

// Errors: none; a mistake is an Exit with one sentence.
std::variant<ServeConfig, InspectConfig, Exit> ParseConfig(int argc, const char* const* argv);

}  // namespace flambeau
