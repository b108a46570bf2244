// The command's flags: one tree, from which parsing, --help and shell completion come.
#pragma once

#include <memory>
#include <string>

#include "cli/bench/bench.h"
#include "cli/label.h"
#include "cli/predict.h"
#include "cli/record.h"

namespace CLI {  // NOLINT(readability-identifier-naming): CLI11's own
class App;
}

namespace flambeau::client {

struct StatusOptions {
  bool watch = false;
  double interval_s = 2;
  int count = 0;  // of tables; 0: without end
};

struct ModelsOptions {
  enum class Action { kList, kLoad, kUnload, kLabels, kLabel };
  Action action = Action::kList;
  std::string model;   // with labels it may be empty: all
  LabelOptions label;  // of label and unlabel
};

struct Arguments {
  std::string server = "127.0.0.1:8001";
  std::string url = "http://127.0.0.1:8000";
  double timeout_s = 60;
  bool json = false;
  bool url_given = false;  // by a flag or the environment; else it may be another server's
  bool server_given = false;
  StatusOptions status;
  ModelsOptions models;
  PredictOptions predict;
  RecordOptions record;
  BenchOptions bench;
  std::string shell;  // of completion
};

// Parsing fills `arguments`. Threads: one at a time. Lifetime: `arguments` outlives the result.
// Errors: none here; parsing the result throws CLI11's own.
std::shared_ptr<CLI::App> MakeCommandLine(Arguments* arguments);

}  // namespace flambeau::client
