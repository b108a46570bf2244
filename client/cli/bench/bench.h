// flambeau bench: load on a model, and what it makes of it.
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace flambeau::client {

struct BenchOptions {
  std::string server;                         // gRPC
  std::string url = "http://127.0.0.1:8000";  // HTTP
  std::string protocol =
      "grpc";  // "grpc"; "http": binary tensors; "json": the same in JSON; "predict"
  std::string model;
  std::string version;              // empty: the one that serves
  std::vector<std::string> inputs;  // as predict's; none: made from metadata
  std::vector<std::string> shapes;  // "NAME=1,3,224,224"
  bool zeros = false;               // made inputs: zeros, else random
  int concurrency = 0;              // 0: 1 in a closed loop, 256 in an open one
  double rate = 0;                  // requests a second; 0: a closed loop
  bool constant = false;            // evenly spaced, else Poisson
  double warmup_s = 2;
  double duration_s = 10;
  int threads = 1;
  int idle_connections = 0;  // HTTP
  bool json = false;
  std::chrono::milliseconds timeout{60000};  // for each answer
};

// Prints the result; returns the exit code.
int Bench(BenchOptions options);

}  // namespace flambeau::client
