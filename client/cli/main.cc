// The command `flambeau`: a client at the terminal.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "cli/bench/bench.h"
#include "cli/command_line.h"
#include "cli/completion.h"
#include "cli/exit_codes.h"
#include "cli/label.h"
#include "cli/models.h"
#include "cli/predict.h"
#include "cli/record.h"
#include "cli/record_traffic.h"
#include "cli/status.h"
#include "cli/watch.h"
#include "flambeau/client.h"

namespace flambeau::client {
namespace {

int Fail(const std::string& sentence, int code) {
  std::cerr << "flambeau: " << sentence << "\n";
  return code;
}

std::chrono::milliseconds TimeoutOf(const Arguments& arguments) {
  return std::chrono::milliseconds(static_cast<int64_t>(arguments.timeout_s * 1000));
}

absl::StatusOr<std::unique_ptr<Client>> Connect(const Arguments& arguments) {
  Client::Options options;
  options.call_timeout = TimeoutOf(arguments);
  options.connect_timeout = std::min(options.connect_timeout, options.call_timeout);
  return Client::Create(arguments.server, options);
}

int RunPredict(const Arguments& arguments) {
  const absl::StatusOr<PredictInput> input = ReadPredictInput(arguments.predict);
  if (!input.ok()) return Fail(std::string(input.status().message()), kExitUsage);
  const auto client = Connect(arguments);
  if (!client.ok()) return Fail(std::string(client.status().message()), kExitUnreachable);
  return Predict(client->get(), arguments.predict, *input);
}

int RunRecord(const Arguments& arguments) {
  RecordOptions options = arguments.record;
  options.url = arguments.url;
  options.timeout = TimeoutOf(arguments);
  options.json = arguments.json;
  if (options.listen >= 0) return RecordTraffic(options);
  const absl::StatusOr<std::vector<std::string>> requests = ReadRequests(options);
  if (!requests.ok()) return Fail(std::string(requests.status().message()), kExitUsage);
  return Record(options, *requests);
}

bool Colour() { return isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr; }

int RunWatch(const Arguments& arguments, Client* client) {
  WatchOptions options;
  options.address = arguments.server;
  // Where only one address was given, the default of the other may be another server's.
  if (arguments.url_given || !arguments.server_given) options.url = arguments.url;
  options.interval =
      std::chrono::milliseconds(static_cast<int64_t>(arguments.status.interval_s * 1000));
  options.count = arguments.status.count;
  options.json = arguments.json;
  options.colour = Colour();
  options.terminal = isatty(STDOUT_FILENO) != 0 && !options.json;
  options.timeout = TimeoutOf(arguments);
  return Watch(client, options);
}

int RunStatus(const Arguments& arguments) {
  const auto client = Connect(arguments);
  if (!client.ok()) return Fail(std::string(client.status().message()), kExitUnreachable);
  if (arguments.status.watch) return RunWatch(arguments, client->get());
  const absl::StatusOr<ServerReport> report = AskStatus(client->get(), arguments.server);
  if (!report.ok()) return Fail(std::string(report.status().message()), kExitServer);
  std::cout << (arguments.json ? StatusAsJson(*report) : StatusAsText(*report, Colour()));
  return report->ready ? kExitOk : kExitNotReady;
}

int RunModelControl(const Arguments& arguments, Client* client) {
  const bool load = arguments.models.action == ModelsOptions::Action::kLoad;
  const std::string& model = arguments.models.model;
  const absl::Status status = load ? client->Load(model) : client->Unload(model);
  if (!status.ok()) return Fail(std::string(status.message()), kExitServer);
  const std::string done = load ? "loaded" : "unloaded";
  std::cout << (arguments.json ? nlohmann::json({{done, model}}).dump() : model + " is " + done)
            << "\n";
  return kExitOk;
}

void PrintLabel(const LabelOptions& label, bool as_json) {
  if (as_json) {
    nlohmann::ordered_json object = {{"model", label.model}, {"label", label.label}};
    object["version"] = nullptr;
    if (!label.version.empty()) object["version"] = label.version;
    if (label.share) object["share_percent"] = *label.share;
    std::cout << object.dump() << "\n";
    return;
  }
  std::cout << label.label << " of " << label.model << " is "
            << (label.version.empty() ? "no label any more" : "version " + label.version) << "\n";
}

int RunLabel(const Arguments& arguments) {
  const LabelOptions& label = arguments.models.label;
  absl::StatusOr<std::unique_ptr<Client>> client;
  if (!label.no_wait)
    client = Connect(arguments);  // first, so that a mistake there changes nothing
  if (!label.no_wait && !client.ok()) {
    return Fail(std::string(client.status().message()), kExitUnreachable);
  }
  const absl::Status written = WriteLabel(label);
  if (!written.ok()) return Fail(std::string(written.message()), kExitUsage);
  if (!label.no_wait) {
    const absl::Status in_force = AwaitLabel(client->get(), label, TimeoutOf(arguments));
    if (!in_force.ok()) return Fail(std::string(in_force.message()), kExitServer);
  }
  PrintLabel(label, arguments.json);
  return kExitOk;
}

int RunModels(const Arguments& arguments) {
  using Action = ModelsOptions::Action;
  const Action action = arguments.models.action;
  if (action == Action::kLabel) return RunLabel(arguments);
  const auto client = Connect(arguments);
  if (!client.ok()) return Fail(std::string(client.status().message()), kExitUnreachable);
  if (action == Action::kLoad || action == Action::kUnload) {
    return RunModelControl(arguments, client->get());
  }
  const absl::StatusOr<ServerReport> report = AskStatus(client->get(), arguments.server);
  if (!report.ok()) return Fail(std::string(report.status().message()), kExitServer);
  if (action == Action::kLabels) {
    const std::string& model = arguments.models.model;
    std::cout << (arguments.json ? LabelsAsJson(*report, model) : LabelsAsText(*report, model));
  } else {
    std::cout << (arguments.json ? ModelsAsJson(*report) : ModelsAsText(*report, Colour()));
  }
  return kExitOk;
}

int RunBench(const Arguments& arguments) {
  BenchOptions options = arguments.bench;
  options.server = arguments.server;
  options.url = arguments.url;
  options.timeout = TimeoutOf(arguments);
  options.json = arguments.json;
  return Bench(std::move(options));
}

int Main(int argc, char** argv) {
  Arguments arguments;
  const std::shared_ptr<CLI::App> app = MakeCommandLine(&arguments);
  try {
    app->parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app->exit(success);  // --help, --version
  } catch (const CLI::ParseError& error) {
    std::string sentence = error.what();
    for (char& c : sentence) c = c == '\n' ? ' ' : c;
    return Fail(sentence + "; see flambeau --help", kExitUsage);
  }
  if (app->got_subcommand("completion")) {
    std::cout << MakeCompletion(*app, arguments.shell == "zsh");
    return kExitOk;
  }
  if (app->got_subcommand("models")) return RunModels(arguments);
  if (app->got_subcommand("bench")) return RunBench(arguments);
  if (app->got_subcommand("record")) return RunRecord(arguments);
  return app->got_subcommand("predict") ? RunPredict(arguments) : RunStatus(arguments);
}

}  // namespace
}  // namespace flambeau::client

int main(int argc, char** argv) {
  try {
    return flambeau::client::Main(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "flambeau: internal error: " << error.what() << "\n";
    return flambeau::client::kExitServer;
  }
}
