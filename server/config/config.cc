#include "config/config.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#include "config/flag_sources.h"

namespace flambeau {
namespace {

constexpr char kDescription[] =
    "Serves TorchScript models over REST and gRPC. No configuration is needed: every model file "
    "in\n"
    "the directory is served under its own name, batched once that is proven right.";

constexpr char kFooter[] =
    R"(A model is DIR/name.pt, DIR/name/model.pt or DIR/name/<version>/model.pt (the highest serves).
DIR/name may hold a config.pbtxt, as Triton's, or the same as config.json.

Examples:
  flambeau-server models/                       serve every model in models/
  flambeau-server model.pt                      serve one file, as POST /predict
  flambeau-server models/ --host 0.0.0.0 --instances 2 --max-batch-size 64
  FLAMBEAU_HTTP_PORT=9000 flambeau-server models/
  flambeau-server --config server.json          {"models": "models/", "http-port": 9000}
  flambeau-server inspect model.pt              what is known about a file, and whether it batches

Every flag may also be a variable (--http-port: FLAMBEAU_HTTP_PORT) or a key of --config's JSON
object ("http-port"). A flag beats a variable, a variable beats the file.

Exit codes: 0 stopped when asked; 1 internal error; 2 a bad flag, variable or config file;
3 no such models, or no such device; 4 a port is in use.)";

// What CLI11 writes into, before it becomes each class's own Options.
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
  int64_t drain_timeout = 30;
  std::string check_models = "child";
  int64_t check_timeout = 60;
  std::string optimizations = "all";
  std::string cache_dir;
  bool allow_shared_memory = false;
  std::vector<std::string> allowed_operators;
};

// CLI11's own words for a bad value name neither the flag's meaning nor the fix.
CLI::Validator Between(int64_t low, int64_t high) {
  const std::string range = std::to_string(low) + " to " + std::to_string(high);
  return CLI::Validator(
      [low, high, range](std::string& text) -> std::string {
        int64_t value = 0;
        if (CLI::detail::lexical_cast(text, value) && value >= low && value <= high) return "";
        return "'" + text + "' is not a whole number from " + range;
      },
      range);
}

CLI::Validator Device() {
  return CLI::Validator(
      [](std::string& text) -> std::string {
        const bool indexed = text.rfind("cuda:", 0) == 0 && text.size() > 5 && text.size() < 9 &&
                             text.find_first_not_of("0123456789", 5) == std::string::npos;
        if (text == "auto" || text == "cpu" || text == "cuda" || indexed) return "";
        return "'" + text + "' is not auto, cpu, cuda or cuda:N";
      },
      "auto|cpu|cuda|cuda:N");
}

CLI::Validator Operator() {
  return CLI::Validator(
      [](std::string& text) -> std::string {
        const size_t colons = text.find("::");
        if (colons != 0 && colons != std::string::npos && colons + 2 < text.size()) return "";
        return "'" + text + "' is not an operator's name, such as aten::from_file";
      },
      "NAMESPACE::NAME");
}

CLI::Validator OneOf(const std::vector<std::string>& words) {
  std::string list;
  for (const std::string& word : words) list += (list.empty() ? "" : "|") + word;
  return CLI::Validator(
      [words, list](std::string& text) -> std::string {
        if (std::find(words.begin(), words.end(), text) != words.end()) return "";
        return "'" + text + "' is none of " + list;
      },
      list);
}

constexpr int64_t kMillion = 1000 * 1000;
constexpr int64_t kMaxMessageBytes = 2147483647;  // gRPC's lengths are 32 bits with a sign

void AddNetworkFlags(CLI::App* app, Flags* flags) {
  app->add_option("--host", flags->host, "Address to listen on; 0.0.0.0 for every one");
  app->add_option("--http-port", flags->http_port, "REST; 0: any free port")
      ->check(Between(0, 65535));
  app->add_option("--grpc-port", flags->grpc_port, "gRPC; 0: any free port")
      ->check(Between(0, 65535));
  app->add_option("--metrics-port", flags->metrics_port,
                  "Prometheus' /metrics, which is on the HTTP port too; 0: off")
      ->check(Between(0, 65535));
  app->add_option("--max-request-bytes", flags->max_request_bytes,
                  "Largest body or message, REST and gRPC")
      ->check(Between(1, kMaxMessageBytes));
  app->add_option("--max-connections", flags->max_connections, "HTTP connections at once")
      ->check(Between(1, kMillion));
  app->add_option("--request-timeout-ms", flags->request_timeout_ms,
                  "Deadline of a request that sets none")
      ->check(Between(1, 24 * 3600 * 1000));
}

void AddAllowOperator(CLI::App* app, std::vector<std::string>* operators) {
  app->add_option("--allow-operator", *operators,
                  "An operator that models may use although it is refused, as aten::from_file; may "
                  "be repeated")
      ->allow_extra_args(false)
      ->delimiter(',')
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->check(Operator());
}

void AddAccessFlags(CLI::App* app, Flags* flags) {
  app->add_flag("--allow-shared-memory", flags->allow_shared_memory,
                "Let clients on this machine send tensors in system shared memory");
  AddAllowOperator(app, &flags->allowed_operators);
}

void AddModelFlags(CLI::App* app, Flags* flags) {
  app->add_option("--default-model", flags->default_model,
                  "The model of a bare /predict; else the only one");
  app->add_option("--model-control", flags->model_control,
                  "watch: every model, following what changes on disk; none: every model, as it is "
                  "at start; "
                  "explicit: those of --load-model, then what clients load and unload")
      ->check(OneOf({"watch", "none", "explicit"}));
  app->add_option(
         "--load-model", flags->load_models,
         "With --model-control explicit: a model to load at start, may be repeated; *: all")
      ->allow_extra_args(false)
      ->delimiter(',')
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app->add_option("--device", flags->device, "Where models run")->check(Device());
  app->add_option("--instances", flags->instances, "Workers per model; 0: by the machine")
      ->check(Between(0, 1024));
  app->add_option("--threads", flags->threads, "Threads inside one run; 0: by the machine")
      ->check(Between(0, 1024));
  app->add_option("--max-batch-size", flags->max_batch_size, "Rows that are merged into one run")
      ->check(Between(1, 65536));
  app->add_option("--max-queue-delay-us", flags->max_queue_delay_us,
                  "How long a free worker waits for more rows; 0: not at all")
      ->check(Between(0, 10 * kMillion));
  app->add_option("--max-queue-size", flags->max_queue_size,
                  "Requests waiting per model; more are answered 429")
      ->check(Between(1, kMillion));
  app->add_option("--response-cache-bytes", flags->response_cache_bytes,
                  "Memory for answers that are given again, of models whose configuration says "
                  "response_cache; 0: off")
      ->check(Between(0, int64_t{1} << 40));
}

CLI::Validator OptimizationList() {
  return CLI::Validator(
      [](std::string& text) -> std::string {
        if (ParseOptimizations(text)) return "";
        return "'" + text + "' is neither all, none nor a list of " +
               ToString(Optimizations::All());
      },
      "LIST");
}

void AddOptimizations(CLI::App* app, std::string* list) {
  app->add_option("--optimizations", *list,
                  "Which changes a check may try in a model, to keep those that are faster and "
                  "answer the same: all, none, or some of " +
                      ToString(Optimizations::All()))
      ->check(OptimizationList());
}

void AddCheckFlags(CLI::App* app, Flags* flags) {
  app->add_option("--check-models", flags->check_models,
                  "Where a model is tried out before it serves. child: in a process of its own, so "
                  "that one that crashes or hangs is refused; inline: in the server")
      ->check(OneOf({"child", "inline"}));
  app->add_option("--check-timeout", flags->check_timeout, "Seconds that a check may take")
      ->check(Between(1, 24 * 3600));
  AddOptimizations(app, &flags->optimizations);
  app->add_option("--cache-dir", flags->cache_dir,
                  "Where checks are kept for the next start; none: nowhere. By default "
                  "$XDG_CACHE_HOME/flambeau or ~/.cache/flambeau");
}

struct Inspect {
  CLI::App* command;
  InspectConfig config;
  std::string optimizations = "all";
};

void AddInspect(Inspect* inspect) {
  CLI::App* const command = inspect->command;
  InspectConfig* const config = &inspect->config;
  command->add_option("file", config->file, "A TorchScript file")->required();
  command->add_flag("--json", config->json, "As one JSON object");
  command->add_option("--device", config->device, "Where it runs")->check(Device());
  command->add_option("--threads", config->threads, "Threads inside one run")
      ->check(Between(1, 1024));
  command
      ->add_option("--max-batch-size", config->max_batch_size,
                   "Rows up to which batching is proven")
      ->check(Between(1, 65536));
  AddOptimizations(command, &inspect->optimizations);
  AddAllowOperator(command, &config->allowed_operators);
  // A server's own, not shown.
  command->add_flag("--for-server", config->for_server)->group("");
  command->add_option("--memory-mib", config->memory_mib)->group("");
  command->add_option("--seconds", config->seconds)->group("");
}

void AddProcessFlags(CLI::App* app, Flags* flags) {
  app->add_option("--drain-timeout", flags->drain_timeout,
                  "Seconds that running requests get after SIGTERM or Ctrl-C")
      ->check(Between(0, 3600));
  app->add_option("--log-level", flags->log_level, "Least level that is written")
      ->check(OneOf({"debug", "info", "warning", "error", "off"}));
  app->add_option("--log-format", flags->log_format, "Log lines")->check(OneOf({"text", "json"}));
  app->add_option(
      "--trace-file", flags->trace_file,
      "Where traces go that clients ask for by the trace settings; else there are none");
  app->add_option("--config", flags->config, "A JSON file of flags");
}

LogLevel ToLevel(const std::string& word) {
  if (word == "debug") return LogLevel::kDebug;
  if (word == "warning") return LogLevel::kWarning;
  if (word == "error") return LogLevel::kError;
  return word == "off" ? LogLevel::kOff : LogLevel::kInfo;
}

ModelControl ToControl(const std::string& word) {
  if (word == "none") return ModelControl::kNone;
  return word == "explicit" ? ModelControl::kExplicit : ModelControl::kWatch;
}

ServeConfig ToConfig(const Flags& flags) {
  ServeConfig config;
  config.log_level = ToLevel(flags.log_level);
  config.log_format = flags.log_format == "json" ? LogFormat::kJson : LogFormat::kText;
  config.device = flags.device;
  config.allowed_operators = flags.allowed_operators;
  config.instances = flags.instances;
  config.threads = flags.threads;
  config.metrics_port = flags.metrics_port;
  config.response_cache_bytes = static_cast<size_t>(flags.response_cache_bytes);
  config.trace_file = flags.trace_file;
  config.drain_timeout = std::chrono::seconds(flags.drain_timeout);
  config.check_in_child = flags.check_models == "child";
  config.check_timeout = std::chrono::seconds(flags.check_timeout);
  config.optimizations = *ParseOptimizations(flags.optimizations);
  config.cache_dir = flags.cache_dir;
  config.gate.request_timeout = std::chrono::milliseconds(flags.request_timeout_ms);
  config.http.host = config.grpc.host = flags.host;
  config.http.port = flags.http_port;
  config.http.max_connections = static_cast<size_t>(flags.max_connections);
  config.http.max_request_bytes = static_cast<size_t>(flags.max_request_bytes);
  config.grpc.port = flags.grpc_port;
  config.grpc.max_request_bytes = static_cast<size_t>(flags.max_request_bytes);
  config.shared_memory.enabled = flags.allow_shared_memory;
  config.shared_memory.max_request_bytes = static_cast<size_t>(flags.max_request_bytes);
  config.repository.path = flags.models;
  config.repository.default_model = flags.default_model;
  config.repository.control = ToControl(flags.model_control);
  config.repository.load_at_start = flags.load_models;
  config.repository.scheduler.max_batch_size = flags.max_batch_size;
  config.repository.scheduler.max_queue_delay = std::chrono::microseconds(flags.max_queue_delay_us);
  config.repository.scheduler.max_queue_size = static_cast<size_t>(flags.max_queue_size);
  return config;
}

Exit UsageError(const std::string& sentence) {
  return {kExitUsage, "flambeau-server: " + sentence + " (see flambeau-server --help)\n"};
}

// The two flags that name one port, in a sentence; empty if none do.
std::string SharedPort(const Flags& flags) {
  const std::array<std::pair<const char*, int>, 3> ports = {
      {{"--http-port", flags.http_port},
       {"--grpc-port", flags.grpc_port},
       {"--metrics-port", flags.metrics_port}}};
  for (size_t i = 0; i < ports.size(); ++i) {
    for (size_t j = i + 1; j < ports.size(); ++j) {
      if (ports[i].second == 0 || ports[i].second != ports[j].second) continue;
      return std::string(ports[i].first) + " and " + ports[j].first + " are both " +
             std::to_string(ports[i].second) + ": give each its own port";
    }
  }
  return "";
}

// --config is needed before the rest can be read.
std::string FindConfigPath(const std::vector<std::string>& arguments) {
  std::string path;
  if (const char* variable = std::getenv("FLAMBEAU_CONFIG")) path = variable;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].rfind("--config=", 0) == 0) path = arguments[i].substr(9);
    if (arguments[i] == "--config" && i + 1 < arguments.size()) path = arguments[i + 1];
  }
  return path;
}

std::vector<std::string> FlagNames(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_lnames().empty()) continue;
    const std::string& name = option->get_lnames().front();
    if (name != "help" && name != "version") names.push_back("--" + name);
  }
  return names;
}

bool Names(const std::string& word, const std::string& flag) {
  return word == flag || word.rfind(flag + "=", 0) == 0;
}

// A flag that may be repeated adds up in one source only: there too a flag beats a variable.
void KeepStrongest(const std::string& flag, const std::vector<std::string>& arguments,
                   SourcedFlags* sourced) {
  const auto named = [&](const std::string& word) { return Names(word, flag); };
  bool stronger = std::any_of(arguments.begin(), arguments.end(), named);
  std::vector<std::string> kept;
  for (auto at = sourced->arguments.rbegin(); at != sourced->arguments.rend(); ++at) {
    if (named(*at) && std::exchange(stronger, true)) continue;
    kept.insert(kept.begin(), *at);
  }
  sourced->arguments = std::move(kept);
}

// "--http-port: 'x' is not ..." with, where it did not come from the command line, where from.
std::string NameOrigin(std::string what, const SourcedFlags& sourced,
                       const std::vector<std::string>& arguments) {
  for (const auto& [flag, origin] : sourced.origin) {
    if (what.rfind(flag + ":", 0) != 0) continue;
    const bool on_command_line =
        std::any_of(arguments.begin(), arguments.end(), [&flag = flag](const std::string& word) {
          return word == flag || word.rfind(flag + "=", 0) == 0;
        });
    if (!on_command_line) what += ", set by " + origin;
  }
  return what;
}

std::string Version() { return std::string("flambeau-server ") + FLAMBEAU_VERSION; }

std::variant<ServeConfig, InspectConfig, Exit> Parse(CLI::App* app, Flags* flags, Inspect* inspect,
                                                     const std::vector<std::string>& arguments) {
  SourcedFlags sourced;
  // `inspect` takes none of the server's flags, so none of their sources either.
  if (arguments.empty() || arguments.front() != "inspect") {
    auto collected = CollectFlags(FlagNames(*app), FindConfigPath(arguments));
    if (!collected.ok()) return UsageError(std::string(Message(collected.status())));
    sourced = *std::move(collected);
  }
  for (const char* flag : {"--load-model", "--allow-operator"})
    KeepStrongest(flag, arguments, &sourced);
  std::vector<std::string> all = sourced.arguments;
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::reverse(all.begin(), all.end());  // CLI11 takes them from the back
  try {
    app->parse(all);
  } catch (const CLI::CallForHelp&) {
    return Exit{0, app->help()};
  } catch (const CLI::CallForVersion&) {
    return Exit{0, Version() + "\n"};
  } catch (const CLI::ParseError& error) {
    return UsageError(NameOrigin(error.what(), sourced, arguments));
  }
  if (inspect->command->parsed()) {
    inspect->config.optimizations = *ParseOptimizations(inspect->optimizations);
    return inspect->config;
  }
  if (flags->models.empty()) {
    return UsageError("say what to serve: a directory of models or one .pt file");
  }
  if (!flags->load_models.empty() && flags->model_control != "explicit") {
    return UsageError("--load-model needs --model-control explicit");
  }
  const std::string shared = SharedPort(*flags);
  if (!shared.empty()) return UsageError(shared);
  return ToConfig(*flags);
}

}  // namespace

std::variant<ServeConfig, InspectConfig, Exit> ParseConfig(int argc, const char* const* argv) {
  Flags flags;
  CLI::App app{kDescription, "flambeau-server"};
  app.footer(kFooter);
  app.set_version_flag("--version", Version());
  app.option_defaults()->always_capture_default()->multi_option_policy(
      CLI::MultiOptionPolicy::TakeLast);
  app.add_option("models,--models", flags.models, "A directory of models, or one .pt file");
  AddNetworkFlags(&app, &flags);
  AddModelFlags(&app, &flags);
  AddCheckFlags(&app, &flags);
  AddAccessFlags(&app, &flags);
  AddProcessFlags(&app, &flags);

  Inspect inspect;
  inspect.command = app.add_subcommand("inspect", "Tell what is known about a model file");
  AddInspect(&inspect);

  return Parse(&app, &flags, &inspect, std::vector<std::string>(argv + 1, argv + argc));
}

}  // namespace flambeau
