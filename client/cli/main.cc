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
#include <string>

#include "cli/example_file.h"
#include "cli/exit_codes.h"
#include "cli/predict.h"
#include "cli/record.h"
#include "cli/record_traffic.h"
#include "cli/status.h"
#include "flambeau/client.h"

namespace flambeau::client {
namespace {

constexpr char kFooter[] = R"(Examples:
  flambeau status
  flambeau status --json --server 10.0.0.5:8001
  flambeau predict --model linear --input '[[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]]'
  flambeau predict --model add --input '{"a": [[1, 2]], "b": [[3, 4]]}'
  flambeau predict --model digits --input @digit.json
  flambeau record digits -d '{"input": [[1, 2]]}' --out models/digits/examples.json
  flambeau record digits --requests bodies.jsonl --out models/digits/examples.json
  flambeau record digits --listen 9000 --count 50    (let clients ask port 9000 for a while)

Exit status: 0 done; 1 the server answered with an error; 2 a flag or the input is wrong;
3 no server answers.)";

struct Arguments {
  std::string server = "127.0.0.1:8001";
  double timeout_s = 60;
  bool json = false;
  PredictOptions predict;
  RecordOptions record;
};

int Fail(const std::string& sentence, int code) {
  std::cerr << "flambeau: " << sentence << "\n";
  return code;
}

absl::StatusOr<std::unique_ptr<Client>> Connect(const Arguments& arguments) {
  Client::Options options;
  options.call_timeout =
      std::chrono::milliseconds(static_cast<int64_t>(arguments.timeout_s * 1000));
  options.connect_timeout = std::min(options.connect_timeout, options.call_timeout);
  return Client::Create(arguments.server, options);
}

int RunPredict(const Arguments& arguments) {
  const absl::StatusOr<std::string> text = ReadInput(arguments.predict.input);
  if (!text.ok()) return Fail(std::string(text.status().message()), kExitUsage);
  const auto client = Connect(arguments);
  if (!client.ok()) return Fail(std::string(client.status().message()), kExitUnreachable);
  return Predict(client->get(), arguments.predict, *text);
}

int RunRecord(RecordOptions options, double timeout_s) {
  options.timeout = std::chrono::milliseconds(static_cast<int64_t>(timeout_s * 1000));
  if (options.listen >= 0) return RecordTraffic(options);
  const absl::StatusOr<std::vector<std::string>> requests = ReadRequests(options);
  if (!requests.ok()) return Fail(std::string(requests.status().message()), kExitUsage);
  return Record(options, *requests);
}

CLI::App* AddRecord(CLI::App* app, RecordOptions* options) {
  CLI::App* record = app->add_subcommand(
      "record", "Ask a model over REST and keep its answers as golden examples");
  record->fallthrough();
  record->add_option("model", options->model, "The model's name")->required();
  record->add_option("--url", options->url, "The server's HTTP address")
      ->envname("FLAMBEAU_URL")
      ->capture_default_str();
  record->add_option("--version", options->version, "Its version; the serving one if absent");
  record->add_option("--method", options->method, "Its method; forward if absent");
  CLI::Option_group* source = record->add_option_group("requests", "What to ask; one of them");
  source->add_option("-d,--data", options->data, "One body of /predict: '{\"input\": ...}'");
  source->add_option("--requests", options->requests,
                     "A file of bodies, one a line; or - for standard input");
  source
      ->add_option("--listen", options->listen,
                   "A port of 127.0.0.1 for other clients: what they ask is passed on and kept")
      ->check(CLI::Range(0, 65535));
  source->require_option(1);
  record
      ->add_option("--count", options->count, "With --listen: end after so many different requests")
      ->check(CLI::Range(int64_t{1}, static_cast<int64_t>(kMaxExamples)))
      ->capture_default_str();
  record->add_option("--out", options->out, "The file to write")->capture_default_str();
  return record;
}

int RunStatus(const Arguments& arguments) {
  const auto client = Connect(arguments);
  if (!client.ok()) return Fail(std::string(client.status().message()), kExitUnreachable);
  const absl::StatusOr<ServerReport> report = AskStatus(client->get(), arguments.server);
  if (!report.ok()) return Fail(std::string(report.status().message()), kExitServer);
  const bool colour = isatty(STDOUT_FILENO) != 0 && std::getenv("NO_COLOR") == nullptr;
  std::cout << (arguments.json ? StatusAsJson(*report) : StatusAsText(*report, colour));
  return kExitOk;
}

int Main(int argc, char** argv) {
  Arguments arguments;
  CLI::App app("Talks to a Flambeau server, or any other that speaks the Open Inference Protocol.",
               "flambeau");
  app.footer(kFooter);
  app.set_version_flag("--version", "flambeau " FLAMBEAU_VERSION);
  app.require_subcommand(1);
  app.add_option("--server", arguments.server, "The server's gRPC address")
      ->envname("FLAMBEAU_SERVER")
      ->capture_default_str();
  app.add_option("--timeout", arguments.timeout_s, "Seconds to wait for each answer")
      ->check(CLI::Range(0.001, 86400.0))
      ->capture_default_str();

  CLI::App* predict = app.add_subcommand("predict", "Run a model on one input");
  predict->fallthrough();
  predict->add_option("--model", arguments.predict.model, "The model's name")->required();
  predict->add_option("--version", arguments.predict.version,
                      "Its version; the serving one if absent");
  predict
      ->add_option("--input", arguments.predict.input,
                   "JSON: a list, or an object by input name; @FILE; or - for standard input")
      ->required();

  CLI::App* status = app.add_subcommand("status", "Show the server and its models");
  status->fallthrough();
  status->add_flag("--json", arguments.json, "Print JSON");
  CLI::App* record = AddRecord(&app, &arguments.record);

  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return app.exit(success);  // --help, --version
  } catch (const CLI::ParseError& error) {
    std::string sentence = error.what();
    for (char& c : sentence) c = c == '\n' ? ' ' : c;
    return Fail(sentence + "; see flambeau --help", kExitUsage);
  }
  if (record->parsed()) return RunRecord(arguments.record, arguments.timeout_s);
  return predict->parsed() ? RunPredict(arguments) : RunStatus(arguments);
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
