#include "cli/command_line.h"

#include <CLI/CLI.hpp>
#include <cstdint>
#include <string>

#include "cli/example_file.h"

namespace flambeau::client {
namespace {

constexpr char kFooter[] = R"(flambeau COMMAND --help has examples.

Exit status: 0 done; 1 the server answered with an error; 2 a flag or the input is wrong;
3 no server answers; 4 the server is not ready (status).)";

constexpr char kEveryCommand[] =
    "Every command takes --server, --url, --timeout and --json; see flambeau --help.";

constexpr char kPredictFooter[] = R"(Examples:
  flambeau predict --model linear --input '[[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]]'
  flambeau predict --model add --input '{"a": [[1, 2]], "b": [[3, 4]]}'
  flambeau predict --model digits --input @digit.json
  flambeau predict --model digits --input image=@digit.npy --output output=scores.npy
  flambeau predict --model digits --image digit.png --std 0.0625    (it takes 0 to 16)
  flambeau predict --model resnet18 --image cat.jpg --shape image=1,3,224,224 \
      --mean 0.485,0.456,0.406 --std 0.229,0.224,0.225

A picture becomes what the model's metadata asks for: grey or colour, channels before or behind
height and width, FP32 from 0 to 1 or UINT8 from 0 to 255. Where height and width are fixed it is
resized to them, whatever its proportions. Several --image make a batch.)";

constexpr char kStatusFooter[] = R"(Examples:
  flambeau status
  flambeau status --json --server 10.0.0.5:8001
  flambeau status --watch --interval 5
  until flambeau status; do sleep 1; done    (wait for a server to be ready)

Exit status 4: the server answers, but is not ready.)";

constexpr char kModelsFooter[] = R"(Examples:
  flambeau models
  flambeau models load digits       (with flambeau-server --model-control explicit)
  flambeau models labels digits
  flambeau models label digits canary 4 --share 10 --models /srv/models
  flambeau models label digits stable 4 --models /srv/models
  flambeau models unlabel digits canary --models /srv/models

Labels and shares are what routing.json in the model's directory says. A server writes nothing there, so
label and unlabel replace that file, which needs the directory, and wait until the server uses it.)";

constexpr char kCompletionFooter[] = R"(Examples:
  source <(flambeau completion bash)
  flambeau completion bash > /etc/bash_completion.d/flambeau)";

constexpr char kRecordFooter[] = R"(Examples:
  flambeau record digits -d '{"input": [[1, 2]]}' --out models/digits/examples.json
  flambeau record digits --requests bodies.jsonl --out models/digits/examples.json
  flambeau record digits --listen 9000 --count 50    (let clients ask port 9000 for a while))";

constexpr char kBenchFooter[] = R"(Examples:
  flambeau bench linear --concurrency 32
  flambeau bench linear --concurrency 8 --protocol http --url http://10.0.0.5:8000
  flambeau bench resnet18 --shape x=1,3,224,224 --rate 20 --duration 60 --json
  flambeau bench digits --protocol predict --input @digit.json
  flambeau bench linear --protocol http --concurrency 32 --idle-connections 2000

With --concurrency N requests are always being answered: the next is sent when an answer is there
(closed loop). With --rate they are due at their times whatever the server does (open loop), and a
latency begins when its request was due. The same request is sent every time.
Exit status 1: not one request was answered rightly.)";

CLI::App* AddCommand(CLI::App* app, const char* name, const char* what, const char* footer) {
  CLI::App* command = app->add_subcommand(name, what);
  command->fallthrough();
  const std::string text = footer;
  command->footer(text + (text.empty() ? "" : "\n\n") + kEveryCommand);
  return command;
}

void AddPredictImages(CLI::App* predict, PredictOptions* options) {
  CLI::Option* image = predict
                           ->add_option("--image", options->images,
                                        "A PNG or JPEG FILE, or NAME=FILE; may be repeated")
                           ->allow_extra_args(false);
  predict
      ->add_option("--shape", options->shapes,
                   "With --image: NAME=1,3,224,224, where metadata leaves the shape open")
      ->allow_extra_args(false)
      ->needs(image);
  predict
      ->add_option("--mean", options->mean,
                   "With --image: taken from values of 0 to 1; one, or one for each channel: "
                   "0.485,0.456,0.406")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->needs(image);
  predict->add_option("--std", options->std, "With --image: what they are divided by then")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->needs(image)
      ->check(CLI::PositiveNumber);
}

void AddPredict(CLI::App* app, PredictOptions* options) {
  CLI::App* predict = AddCommand(app, "predict", "Run a model on one input", kPredictFooter);
  predict->add_option("--model", options->model, "The model's name")->required();
  predict->add_option("--version", options->version, "Its version; the serving one if absent");
  predict
      ->add_option(
          "--input", options->inputs,
          "JSON: a list, or an object by input name; @FILE of JSON or .npy; - for standard "
          "input; or NAME= and one of these, once for each input")
      ->allow_extra_args(false);  // one value for each --input; and no splitting of "[1,2]"
  AddPredictImages(predict, options);
  predict
      ->add_option("--output", options->outputs,
                   "NAME=FILE.npy: write this output there, print the others; may be repeated")
      ->allow_extra_args(false);
}

void AddStatus(CLI::App* app, StatusOptions* options) {
  CLI::App* status = AddCommand(app, "status", "Show the server and its models", kStatusFooter);
  CLI::Option* watch = status->add_flag(
      "--watch", options->watch, "Show what each model does, again and again, until interrupted");
  status->add_option("--interval", options->interval_s, "With --watch: seconds between tables")
      ->check(CLI::Range(0.05, 3600.0))
      ->capture_default_str()
      ->needs(watch);
  status->add_option("--count", options->count, "With --watch: end after so many tables")
      ->check(CLI::Range(1, 1000000000))
      ->needs(watch);
}

CLI::App* AddModelsAction(CLI::App* models, const char* name, const char* what,
                          ModelsOptions::Action action, ModelsOptions* options) {
  CLI::App* command = AddCommand(models, name, what, "");
  command->callback([options, action] { options->action = action; });
  return command;
}

CLI::App* AddLabelAction(CLI::App* models, const char* name, const char* what,
                         ModelsOptions* options) {
  LabelOptions* label = &options->label;
  CLI::App* command = AddModelsAction(models, name, what, ModelsOptions::Action::kLabel, options);
  command->add_option("model", label->model, "The model's name")->required();
  command->add_option("label", label->label, "The label, such as stable or canary")->required();
  command->add_option("--models", label->directory, "The directory that the server serves")
      ->required();
  command->add_flag("--no-wait", label->no_wait, "Write the file and ask no server");
  return command;
}

void AddModels(CLI::App* app, ModelsOptions* options) {
  using Action = ModelsOptions::Action;
  CLI::App* models =
      AddCommand(app, "models", "List models, load, unload and label them", kModelsFooter);
  models->require_subcommand(0, 1);
  AddModelsAction(models, "list", "Every version, its state, whether it is batched", Action::kList,
                  options);
  AddModelsAction(models, "load", "Load a model, or read it anew", Action::kLoad, options)
      ->add_option("model", options->model, "The model's name")
      ->required();
  AddModelsAction(models, "unload", "Unload a model", Action::kUnload, options)
      ->add_option("model", options->model, "The model's name")
      ->required();
  AddModelsAction(models, "labels", "Labels of versions, and their shares of the requests",
                  Action::kLabels, options)
      ->add_option("model", options->model, "The model's name; all if absent");
  CLI::App* label = AddLabelAction(models, "label", "Give a label to a version", options);
  label->add_option("version", options->label.version, "The version")->required();
  label
      ->add_option("--share", options->label.share,
                   "Percent of the requests without a version that it gets")
      ->check(CLI::Range(0.0, 100.0));
  AddLabelAction(models, "unlabel", "Take a label away, and its share", options);
}

void AddCompletion(CLI::App* app, std::string* shell) {
  AddCommand(app, "completion", "Print a script that completes this command in a shell",
             kCompletionFooter)
      ->add_option("shell", *shell, "The shell")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh"}));
}

void AddRecord(CLI::App* app, RecordOptions* options) {
  CLI::App* record =
      AddCommand(app, "record", "Ask a model over REST and keep its answers as golden examples",
                 kRecordFooter);
  record->add_option("model", options->model, "The model's name")->required();
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
}

void AddBenchLoad(CLI::App* bench, BenchOptions* options) {
  bench
      ->add_option("--concurrency", options->concurrency,
                   "Requests in flight: 1 if absent; with --rate at most so many: 256")
      ->check(CLI::Range(1, 65536));
  bench->add_option("--rate", options->rate, "Requests a second, due whatever the server does")
      ->check(CLI::Range(0.001, 1e6));
  bench
      ->add_option_function<std::string>(
          "--distribution",
          [options](const std::string& name) { options->constant = name == "constant"; },
          "With --rate: how requests follow each other")
      ->check(CLI::IsMember({"poisson", "constant"}))
      ->default_str("poisson");
  bench->add_option("--duration", options->duration_s, "Seconds to measure")
      ->check(CLI::Range(0.01, 86400.0))
      ->capture_default_str();
  bench->add_option("--warmup", options->warmup_s, "Seconds of load before, which do not count")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
  bench->add_option("--threads", options->threads, "Threads that send; one is enough for most")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  bench
      ->add_option("--idle-connections", options->idle_connections,
                   "HTTP: so many more connections, which are open and say nothing")
      ->check(CLI::Range(0, 1000000));
}

void AddBench(CLI::App* app, BenchOptions* options) {
  CLI::App* bench = AddCommand(app, "bench", "Put load on a model and measure", kBenchFooter);
  bench->add_option("model", options->model, "The model's name")->required();
  bench->add_option("--version", options->version, "Its version; the serving one if absent");
  bench
      ->add_option(
          "--protocol", options->protocol,
          "grpc (asks --server); http: binary tensors, json: the same as JSON, or predict: "
          "the bodies of /predict (ask --url)")
      ->check(CLI::IsMember({"grpc", "http", "json", "predict"}))
      ->capture_default_str();
  CLI::Option* input =
      bench->add_option("--input", options->inputs,
                        "JSON, NAME=@FILE.npy and so on, as for predict; made from the model's "
                        "metadata if absent");
  input->allow_extra_args(false);
  bench
      ->add_option("--shape", options->shapes,
                   "NAME=1,3,224,224: the shape of an input that is made, where metadata leaves "
                   "dimensions open; may be repeated")
      ->allow_extra_args(false)
      ->excludes(input);
  bench->add_flag("--zeros", options->zeros, "Fill inputs that are made with zeros, not at random")
      ->excludes(input);
  AddBenchLoad(bench, options);
}

}  // namespace

std::shared_ptr<CLI::App> MakeCommandLine(Arguments* arguments) {
  auto app = std::make_shared<CLI::App>(
      "Talks to a Flambeau server, or any other that speaks the Open Inference Protocol.",
      "flambeau");
  app->footer(kFooter);
  app->set_version_flag("--version", "flambeau " FLAMBEAU_VERSION);
  app->require_subcommand(1);
  app->add_option("--server", arguments->server, "The server's gRPC address")
      ->envname("FLAMBEAU_SERVER")
      ->capture_default_str();
  app->add_option("--url", arguments->url, "The server's HTTP address")
      ->envname("FLAMBEAU_URL")
      ->capture_default_str();
  app->add_option("--timeout", arguments->timeout_s, "Seconds to wait for each answer")
      ->check(CLI::Range(0.001, 86400.0))
      ->capture_default_str();
  app->add_flag("--json", arguments->json, "Print JSON");
  AddStatus(app.get(), &arguments->status);
  AddModels(app.get(), &arguments->models);
  AddPredict(app.get(), &arguments->predict);
  AddRecord(app.get(), &arguments->record);
  AddBench(app.get(), &arguments->bench);
  AddCompletion(app.get(), &arguments->shell);
  app->parse_complete_callback([arguments, root = app.get()] {
    arguments->server_given = root->count("--server") > 0;
    arguments->url_given = root->count("--url") > 0;
  });
  return app;
}

}  // namespace flambeau::client
