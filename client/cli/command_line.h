// The command's flags: one tree, from which parsing, --help and shell completion come.
#pragma once

#include <memory>
#include <string>

#include "cli/bench/bench.h"
#include "cli/predict.h"
#include "cli/record.h"

namespace CLI {
class App;
}

namespace flambeau::client {

struct Arguments {
  std::string server = "127.0.0.1:8001";
  std::string url = "http://127.0.0.1:8000";
  double timeout_s = 60;
  bool json = false;
  PredictOptions predict;
  RecordOptions record;
  BenchOptions bench;
};

// Parsing fills `arguments`, which must outlive the result.
std::shared_ptr<CLI::App> MakeCommandLine(Arguments* arguments);

}  // namespace flambeau::client
