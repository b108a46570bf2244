#include "app/child_inspector.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>
#include <vector>

#include "app/child_report.h"
#include "repository/file_stamp.h"
#include "spec/config_json.h"
#include "wire/inspection_json.h"

namespace flambeau {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;

// Nobody waits for a check that is done again, and it runs beside requests; but others wait for
// one that measures.
int Patience(const InspectionRequest& request) {
  return request.again && request.tuning.empty() ? 10 : 1;
}

// For LibTorch itself, and for a model whose weights are unpacked, copied and multiplied out; where
// the machine has more, half of it.
uint64_t MemoryLimitMiB(const std::string& file) {
  std::error_code error;
  const uintmax_t size = std::filesystem::file_size(file, error);
  const uint64_t needed = 4096 + 8 * (error ? 0 : size / kMiB);
  const auto pages = static_cast<uint64_t>(std::max(sysconf(_SC_PHYS_PAGES), 0L));
  const auto page = static_cast<uint64_t>(std::max(sysconf(_SC_PAGESIZE), 0L));
  return std::max(needed, pages * (page / 1024) / 1024 / 2);
}

// What an inspection depends on: it reads no other file, and warms nothing up.
std::string RelevantConfig(const ModelConfig* config) {
  if (config == nullptr) return "";
  ModelConfig relevant = *config;
  relevant.name.clear();
  relevant.warmup.clear();
  relevant.response_cache = false;
  for (ConfigTensor& output : relevant.outputs) {
    output.label_filename.clear();
    output.labels.clear();
  }
  return EncodeConfigJson(relevant);
}

// What is said of the model outside its file.
std::string SaidBeside(const InspectionRequest& request) {
  return RelevantConfig(request.config.get()) + '\0' + request.manifest;
}

// What the child reads from standard input: see FromServer in inspect.cc.
std::string InputOf(const InspectionRequest& request) {
  std::string input = SaidBeside(request);
  if (request.again) (input += '\0') += EncodeSeenShapes(request.seen);
  return input;
}

// What was said stays, what was not is left to the child, which finds the same cores.
std::vector<std::string> TuningFlags(const InspectionRequest& request) {
  const TuningScope& scope = request.tuning;
  const int instances = scope.instances ? 0 : request.scheduler.instances;
  const int threads = scope.threads ? 0 : request.scheduler.intra_op_threads;
  if (scope.empty()) return {"--threads", std::to_string(threads)};
  return {"--tune", "--instances", std::to_string(instances), "--threads", std::to_string(threads)};
}

double Seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

std::string While(const std::string& step) { return step.empty() ? "" : " while " + step; }

std::string SignalName(int signal) {
  const char* name = sigabbrev_np(signal);
  return name == nullptr ? "signal " + std::to_string(signal) : std::string("SIG") + name;
}

}  // namespace

Result<Inspection> ChildInspector::Inspect(const InspectionRequest& request) {
  const TimePoint begin = std::chrono::steady_clock::now();
  const FileStamp stamp = StampOf(request.file);
  std::optional<std::string> key;
  std::optional<Inspection> known;
  // What another check advises has to show first that it loads: see Remember.
  if (options_.cache != nullptr && !request.again) {
    FLAMBEAU_ASSIGN_OR_RETURN(key, options_.cache->KeyOf(request, SaidBeside(request)));
    known = options_.cache->Find(*key);
  }
  const bool cached = known.has_value();
  if (!cached) {
    FLAMBEAU_ASSIGN_OR_RETURN(known, InspectAnew(request));
    // A file that changed meanwhile is not the one that has the key.
    if (key && StampOf(request.file) == stamp) options_.cache->Store(*key, *known);
  }
  log_->Info("model checked", {{"model", request.name},
                               {"cached", cached},
                               {"seconds", Seconds(std::chrono::steady_clock::now() - begin)}});
  return *std::move(known);
}

void ChildInspector::Remember(const InspectionRequest& request, const FileStamp& stamp,
                              const Inspection& inspection) {
  if (options_.cache == nullptr) return;
  const Result<std::string> key = options_.cache->KeyOf(request, SaidBeside(request));
  // Asked after the file was read: what was hashed is what was meant.
  if (key.ok() && StampOf(request.file) == stamp) options_.cache->Store(*key, inspection);
}

Result<Inspection> ChildInspector::InspectAnew(const InspectionRequest& request) {
  // What one measures is the machine's, not its share beside another that measures. The wait ends
  // with the other's timeout.
  std::unique_lock<std::mutex> alone(tuning_, std::defer_lock);
  if (!request.tuning.empty()) alone.lock();
  const Duration timeout = options_.timeout * Patience(request);
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(timeout).count();
  ChildCommand command;
  command.program = options_.program;
  command.input = InputOf(request);
  command.arguments = {"inspect",          "--for-server",
                       "--device",         request.device,
                       "--max-batch-size", std::to_string(request.scheduler.max_batch_size),
                       "--memory-mib",     std::to_string(MemoryLimitMiB(request.file)),
                       "--seconds",        std::to_string(seconds)};
  for (const std::vector<std::string>& flags : {TuningFlags(request), options_.flags}) {
    command.arguments.insert(command.arguments.end(), flags.begin(), flags.end());
  }
  command.arguments.insert(command.arguments.end(), {"--", request.file});
  const auto end = RunChild(command, std::chrono::steady_clock::now() + timeout);
  if (!end.ok()) {
    return Internal("The model cannot be checked in a process of its own: " +
                    std::string(Message(end.status())) + "; --check-models inline does without.");
  }
  Result<Inspection> result = Explain(*end, timeout);
  if (!result.ok() && !end->errors.empty()) {
    log_->Warning("check failed", {{"model", request.name}, {"output", end->errors}});
  }
  if (result.ok() && !result->tuned.summary.empty()) {
    log_->Info("model tuned", {{"model", request.name}, {"result", result->tuned.summary}});
  }
  return result;
}

Result<Inspection> ChildInspector::Explain(const ChildEnd& end, Duration timeout) {
  Report report = ReadReport(end.report);
  // How a process ended that has told all it had to tell is of no interest.
  if (report.end) return *std::move(report.end);
  if (end.timed_out || end.signal == SIGXCPU) {
    const auto limit = std::chrono::ceil<std::chrono::seconds>(timeout).count();
    return InvalidArgument("The check of the model did not end within " + std::to_string(limit) +
                           " s" + While(report.step) +
                           ": make it end, or give it longer with --check-timeout.");
  }
  const std::string how =
      end.signal != 0 ? SignalName(end.signal) : "exit code " + std::to_string(end.exit_code);
  return InvalidArgument("The check of the model ended by " + how + While(report.step) +
                         ": in the server it would have ended all models.");
}

}  // namespace flambeau
