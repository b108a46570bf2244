// flambeau record: keeps a running server's answers as golden examples.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace flambeau::client {

struct RecordOptions {
  std::string url = "http://127.0.0.1:8000";
  std::string model;
  std::string version;   // empty: the one that serves
  std::string method;    // empty: forward
  std::string data;      // one /predict body
  std::string requests;  // a file of one body a line; "-": standard input
  int listen = -1;       // a port: other clients' requests, which are passed on; 0: any free one
  int64_t count = 100;   // with `listen`: so many, and then it ends
  std::string out = "examples.json";
  bool json = false;                         // what is printed
  std::chrono::milliseconds timeout{60000};  // for each answer
};

// "/predict/<model>/<version>:<method>".
std::string PredictPath(const RecordOptions& options);

// What is printed at the end.
std::string RecordedText(const RecordOptions& options, size_t examples);

// The bodies that `data` or `requests` give. Errors: INVALID_ARGUMENT if there are none, too many,
// or one is no JSON object.
absl::StatusOr<std::vector<std::string>> ReadRequests(const RecordOptions& options);

// Sends each to /predict and writes requests and answers to `out`, which is replaced only once all
// were answered; returns the exit code.
int Record(const RecordOptions& options, const std::vector<std::string>& requests);

}  // namespace flambeau::client
