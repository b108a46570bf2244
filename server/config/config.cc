#include "config/config.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>
#include <vector>

#include "config/flag_sources.h"
#include "config/flags.h"

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
3 no such models, or no such device; 4 a port is in use; 5 a GPU failed while it served, which a
new start cures.)";

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
  config.drain_delay = std::chrono::seconds(flags.drain_delay);
  config.check_in_child = flags.check_models == "child";
  config.check_timeout = std::chrono::seconds(flags.check_timeout);
  config.optimizations = *ParseOptimizations(flags.optimizations);
  config.tune = flags.tune;
  config.cache_dir = flags.cache_dir;
  config.gate.request_timeout = std::chrono::milliseconds(flags.request_timeout_ms);
  config.http.host = config.grpc.host = flags.host;
  config.http.port = flags.http_port;
  config.http.io_threads = flags.http_threads;
  config.http.max_connections = static_cast<size_t>(flags.max_connections);
  config.http.max_request_bytes = static_cast<size_t>(flags.max_request_bytes);
  config.grpc.port = flags.grpc_port;
  config.grpc.threads = flags.grpc_threads;
  config.grpc.max_request_bytes = static_cast<size_t>(flags.max_request_bytes);
  config.grpc.max_connection_age = std::chrono::seconds(flags.grpc_max_connection_age);
  config.grpc.max_connection_age_grace = std::chrono::seconds(flags.grpc_max_connection_age_grace);
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

std::variant<ServeConfig, InspectConfig, Exit> Parse(CLI::App* app, Flags* flags,
                                                     InspectFlags* inspect,
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
    for (const std::string& text : inspect->shapes) {
      const auto [entry, added] = inspect->config.shapes.insert(*ParseShape(text));
      if (!added) return UsageError("--shape gives " + entry->first + " twice");
    }
    return inspect->config;
  }
  if (flags->models.empty()) {
    return UsageError("say what to serve: a directory of models or one .pt file");
  }
  if (!flags->load_models.empty() && flags->model_control != "explicit") {
    return UsageError("--load-model needs --model-control explicit");
  }
  if (flags->tune && flags->check_models != "child") {
    return UsageError("--tune needs --check-models child, whose process measures");
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
  AddServerFlags(&app, &flags);

  InspectFlags inspect;
  inspect.command = app.add_subcommand("inspect", "Tell what is known about a model file");
  AddInspectFlags(&inspect);

  return Parse(&app, &flags, &inspect, std::vector<std::string>(argv + 1, argv + argc));
}

}  // namespace flambeau
