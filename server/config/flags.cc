#include "config/flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <system_error>

namespace flambeau {
namespace {

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

CLI::Validator InputShape() {
  return CLI::Validator(
      [](std::string& text) -> std::string {
        if (ParseShape(text)) return "";
        return "'" + text + "' is not written as NAME=1,3,224,224";
      },
      "NAME=N,...");
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
  app->add_option("--http-threads", flags->http_threads,
                  "Threads that read and answer over HTTP; 0: by the machine")
      ->check(Between(0, 64));
  app->add_option("--grpc-threads", flags->grpc_threads, "The same over gRPC; 0: by the machine")
      ->check(Between(0, 64));
  app->add_option("--grpc-max-connection-age", flags->grpc_max_connection_age,
                  "Seconds after which a gRPC client is asked to connect anew, so that a balancer "
                  "can send it to another server; 0: never")
      ->check(Between(0, kMillion));
  app->add_option("--grpc-max-connection-age-grace", flags->grpc_max_connection_age_grace,
                  "Seconds that its running calls get to end after that; 0: as long as they take")
      ->check(Between(0, kMillion));
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
  app->add_flag(
      "--tune", flags->tune,
      "Measure, when a model is first checked, which --instances, --threads and batch size "
      "up to --max-batch-size give the highest rate; those that are set stay");
  app->add_option("--cache-dir", flags->cache_dir,
                  "Where checks are kept for the next start; none: nowhere. By default "
                  "$XDG_CACHE_HOME/flambeau or ~/.cache/flambeau");
}

void AddProcessFlags(CLI::App* app, Flags* flags) {
  app->add_option("--drain-timeout", flags->drain_timeout,
                  "Seconds that running requests get after SIGTERM or Ctrl-C")
      ->check(Between(0, 3600));
  app->add_option("--drain-delay", flags->drain_delay,
                  "Seconds for which a server that has to stop goes on answering, though it says "
                  "that it is not ready, so that balancers send no more before it stops")
      ->check(Between(0, 3600));
  app->add_option("--log-level", flags->log_level, "Least level that is written")
      ->check(OneOf({"debug", "info", "warning", "error", "off"}));
  app->add_option("--log-format", flags->log_format, "Log lines")->check(OneOf({"text", "json"}));
  app->add_option(
      "--trace-file", flags->trace_file,
      "Where traces go that clients ask for by the trace settings; else there are none");
  app->add_option("--config", flags->config, "A JSON file of flags");
}

}  // namespace

std::optional<std::pair<std::string, Shape>> ParseShape(const std::string& text) {
  const size_t sign = text.rfind('=');
  if (sign == std::string::npos || sign == 0) return std::nullopt;
  Shape shape;
  const char* at = text.data() + sign;
  const char* const end = text.data() + text.size();
  do {
    int64_t& dimension = shape.emplace_back(0);
    const auto [rest, error] = std::from_chars(at + 1, end, dimension);
    if (error != std::errc() || dimension < 0) return std::nullopt;
    at = rest;
  } while (at != end && *at == ',');
  if (at != end) return std::nullopt;
  return std::pair(text.substr(0, sign), std::move(shape));
}

void AddServerFlags(CLI::App* app, Flags* flags) {
  app->add_option("models,--models", flags->models, "A directory of models, or one .pt file");
  AddNetworkFlags(app, flags);
  AddModelFlags(app, flags);
  AddCheckFlags(app, flags);
  AddAccessFlags(app, flags);
  AddProcessFlags(app, flags);
}

void AddInspectFlags(InspectFlags* inspect) {
  CLI::App* const command = inspect->command;
  InspectConfig* const config = &inspect->config;
  command->add_option("file", config->file, "A TorchScript file")->required();
  command->add_flag("--json", config->json, "As one JSON object");
  command->add_option("--device", config->device, "Where it runs")->check(Device());
  command->add_flag("--tune", config->tune, "Measure how many workers, threads and rows run best");
  command
      ->add_option("--instances", config->instances, "With --tune: workers; 0: what measures best")
      ->check(Between(0, 1024));
  command
      ->add_option("--threads", config->threads,
                   "Threads inside one run; 0: 1, or with --tune what measures best")
      ->check(Between(0, 1024));
  command
      ->add_option("--max-batch-size", config->max_batch_size,
                   "Rows up to which batching is proven")
      ->check(Between(1, 65536));
  AddOptimizations(command, &inspect->optimizations);
  command
      ->add_option(
          "--shape", inspect->shapes,
          "An input's shape to try it with where the file tells none, the batch's dimension "
          "first, as image=1,3,224,224; may be repeated")
      ->allow_extra_args(false)
      ->check(InputShape());
  AddAllowOperator(command, &config->allowed_operators);
  // A server's own, not shown.
  command->add_flag("--for-server", config->for_server)->group("");
  command->add_option("--memory-mib", config->memory_mib)->group("");
  command->add_option("--seconds", config->seconds)->group("");
}

}  // namespace flambeau
