#include "app/inspect.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "app/backend_module.h"
#include "app/child_process.h"
#include "app/child_report.h"
#include "app/confinement.h"
#include "app/machine.h"
#include "backend/backend.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/thread_clock.h"
#include "repository/inspect_model.h"
#include "repository/version_files.h"
#include "spec/config_file.h"
#include "spec/manifest.h"
#include "wire/facts_json.h"
#include "wire/inspection_json.h"

namespace flambeau {
namespace {

std::string Describe(const TensorFact& fact) {
  std::string text = fact.dtype ? std::string(Name(*fact.dtype)) : "any datatype";
  text += fact.dims ? " " + ToString(*fact.dims) : ", any shape";
  if (fact.index_limit) text += ", below " + std::to_string(*fact.index_limit);
  if (!fact.evidence.empty()) text += "   from " + fact.evidence;
  return text;
}

void Print(const ArgumentFact& argument) {
  std::cout << "    " << argument.name << ": " << argument.type;
  if (argument.has_default) std::cout << " = " << argument.default_text;
  if (argument.kind == ValueKind::kTensor) std::cout << "   " << Describe(argument.tensor);
  std::cout << "\n";
}

void Print(const MethodFacts& method, const Proof& proof) {
  std::cout << "\nmethod " << method.name << "\n  arguments\n";
  for (const ArgumentFact& argument : method.arguments) Print(argument);
  std::cout << "  result: " << method.result_type << "\n";
  for (const ResultFact& result : method.results) {
    std::cout << "    " << result.name << "   " << Describe(result.tensor) << "\n";
  }
  std::cout << "  batching: " << Name(proof.verdict);
  if (!proof.reason.empty()) std::cout << ": " << proof.reason;
  std::cout << "\n";
  if (!method.code.empty()) std::cout << "\n  code\n" << method.code << "\n";
  if (!method.graph.empty()) std::cout << "\n  graph\n" << method.graph << "\n";
}

void Print(const Facts& facts, const std::vector<Proof>& proofs) {
  std::cout << facts.platform << ", " << facts.parameter_bytes << " bytes of parameters\n";
  if (facts.writes_state) std::cout << "writes its attributes: one instance, never merged\n";
  std::cout << "optimizations: " << ToString(facts.optimizations) << "\n";
  for (const std::string& note : facts.notes) std::cout << note << "\n";
  for (size_t i = 0; i < facts.methods.size(); ++i) Print(facts.methods[i], proofs[i]);
}

void Print(const TuningCurve& curve) {
  const auto microseconds = [](Duration duration) {
    return std::chrono::duration<double, std::micro>(duration).count();
  };
  char line[120];
  for (const TuningPoint& point : curve.points) {
    std::snprintf(line, sizeof(line), "%9d x %-7d %6lld %12.1f %12.0f\n", curve.instances,
                  curve.threads, static_cast<long long>(point.rows), microseconds(point.run),
                  point.rows_per_second);
    std::cout << line;
  }
  std::snprintf(line, sizeof(line), "%9d x %-7d l(b) = %.1f + %.2f b us\n", curve.instances,
                curve.threads, microseconds(curve.t0()), microseconds(curve.per_row()));
  std::cout << line;
}

void Print(const std::vector<TuningCurve>& curves) {
  if (curves.empty()) return;
  std::cout << "\ninstances x threads   rows       run us       rows/s\n";
  for (const TuningCurve& curve : curves) Print(curve);
}

std::string ReadAll(std::istream& stream) { return {std::istreambuf_iterator<char>(stream), {}}; }

// What is said of a model outside its file.
struct SaidBeside {
  std::optional<ParsedConfig> config;
  std::string manifest;  // flambeau.json's text
  SeenShapes seen;
};

// What comes before the next NUL, or the rest.
std::string TakePart(std::string* text) {
  const size_t end = std::min(text->find('\0'), text->size());
  std::string part = text->substr(0, end);
  text->erase(0, end + 1);
  return part;
}

// The configuration as JSON, the text of flambeau.json, and what was seen as JSON, with a NUL
// between them; each may be empty, and the last ones may be absent.
Result<SaidBeside> FromServer() {
  std::string text = ReadAll(std::cin);
  const std::string config = TakePart(&text);
  SaidBeside said;
  said.manifest = TakePart(&text);
  if (!text.empty()) {
    FLAMBEAU_ASSIGN_OR_RETURN(said.seen, DecodeSeenShapes(text));
  }
  if (config.empty()) return said;
  FLAMBEAU_ASSIGN_OR_RETURN(said.config, ParseConfigJson(config, "the model's configuration", {}));
  return said;
}

// That of a model in a directory of its own: NAME/model.pt or NAME/<version>/model.pt.
Result<SaidBeside> FromDirectory(const std::string& file) {
  std::error_code error;
  const std::filesystem::path path = std::filesystem::absolute(file, error);
  std::filesystem::path directory = path.parent_path();
  const std::string name = directory.filename().string();
  if (name.find_first_not_of("0123456789") == std::string::npos) {
    directory = directory.parent_path();
  }
  SaidBeside said;
  FLAMBEAU_ASSIGN_OR_RETURN(said.config,
                            ReadConfig({directory.filename().string(), directory.string()}));
  VersionToLoad version;
  version.file = path.string();
  version.directory = directory.string();
  FLAMBEAU_ASSIGN_OR_RETURN(std::optional<std::string> manifest,
                            ReadBeside(version, kManifestFile, kMaxManifestBytes));
  said.manifest = std::move(manifest).value_or("");
  return said;
}

// Of the time that a check has: what takes longer is left out, or goes on in the server, and is no
// reason to refuse a model.
void ShareTime(uint64_t seconds, InspectionRequest* request) {
  if (seconds == 0) {
    // Somebody asked to know, and can end it.
    request->scheduler.proof_budget = std::chrono::minutes(3);
    request->optimization_budget = std::chrono::seconds(30);
    return;
  }
  const std::chrono::milliseconds time(seconds * 1000);
  const bool tuned = !request->tuning.empty();
  request->scheduler.proof_budget = time / (tuned ? 4 : 3);
  request->optimization_budget = time / 6;
  request->tuning_budget = std::min<Duration>(time / 4, std::chrono::seconds(30));
}

// How a model runs where nothing is measured.
Parallelism Base(const InspectConfig& config) {
  if (config.tune) return FillCores({config.instances, config.threads}, UsableCores());
  return {1, std::max(config.threads, 1)};
}

Result<InspectionRequest> MakeRequest(const InspectConfig& config, Backend* backend) {
  InspectionRequest request;
  request.name = "inspect";
  request.file = config.file;
  FLAMBEAU_ASSIGN_OR_RETURN(request.device, backend->ResolveDevice(config.device));
  request.optimizations = config.optimizations;
  request.scheduler.max_batch_size = config.max_batch_size;
  const Parallelism parallelism = Base(config);
  request.scheduler.instances = parallelism.instances;
  if (config.instances == 0 && request.device != "cpu") {
    request.scheduler.instances = kInstancesOnAccelerator;
  }
  request.scheduler.intra_op_threads = parallelism.threads;
  if (config.tune)
    request.tuning = {config.instances == 0, config.threads == 0, true, UsableCores()};
  ShareTime(config.seconds, &request);
  FLAMBEAU_ASSIGN_OR_RETURN(SaidBeside said,
                            config.for_server ? FromServer() : FromDirectory(config.file));
  if (said.config)
    request.config = std::make_shared<const ModelConfig>(std::move(said.config->config));
  request.shapes = config.shapes;
  request.manifest = std::move(said.manifest);
  request.again = !said.seen.empty();
  request.seen = std::move(said.seen);
  return request;
}

Result<InspectedModel> RunInspection(const InspectConfig& config, Backend* backend, Log* log,
                                     std::function<void(std::string_view)> on_step) {
  SystemClock clock;
  ThreadClock thread_clock;
  FLAMBEAU_ASSIGN_OR_RETURN(const InspectionRequest request, MakeRequest(config, backend));
  return InspectModel(request, {backend, &clock, &thread_clock, log, std::move(on_step)});
}

// A slow model's proof takes a minute: somebody who waits sees where it is.
void ShowStep(std::string_view step) {
  if (isatty(STDERR_FILENO) != 0) std::cerr << "inspecting: " << step << " ...\n";
}

Status InspectForPeople(const InspectConfig& config, Log* log) {
  FLAMBEAU_ASSIGN_OR_RETURN(const std::unique_ptr<Backend> backend,
                            LoadBackend({log, &config.allowed_operators}, Base(config).threads));
  FLAMBEAU_ASSIGN_OR_RETURN(const InspectedModel inspected,
                            RunInspection(config, backend.get(), log, ShowStep));
  if (config.json) {
    std::cout << EncodeFacts(inspected.facts, inspected.proofs) << "\n";
  } else {
    Print(inspected.facts, inspected.proofs);
    Print(inspected.curves);
  }
  return OkStatus();
}

Result<Inspection> InspectInside(const InspectConfig& config, Log* log, ReportWriter* report) {
  const int busy = config.tune ? UsableCores() : Base(config).threads;  // cores at once
  std::vector<std::string> notes =
      Confine({config.memory_mib << 20, config.seconds * static_cast<uint64_t>(busy)});
  FLAMBEAU_ASSIGN_OR_RETURN(const std::unique_ptr<Backend> backend,
                            LoadBackend({log, &config.allowed_operators}, Base(config).threads));
  FLAMBEAU_ASSIGN_OR_RETURN(InspectedModel inspected,
                            RunInspection(config, backend.get(), log,
                                          [report](std::string_view step) { report->Step(step); }));
  Inspection inspection = std::move(inspected.inspection);
  inspection.notes.insert(inspection.notes.end(), notes.begin(), notes.end());
  return inspection;
}

// The server waits for the report's end and nothing else: no destructor of the model's or of a
// library's may take its time or crash after it.
[[noreturn]] void InspectForServer(const InspectConfig& config, Log* log) {
  ReportWriter report(kReportDescriptor);
  const Result<Inspection> inspection = InspectInside(config, log, &report);
  report.End(inspection);
  std::_Exit(inspection.ok() ? 0 : kExitSetup);
}

}  // namespace

int Inspect(const InspectConfig& config) {
  const std::unique_ptr<Log> log = Log::Create(LogLevel::kError, LogFormat::kText);
  if (config.for_server) InspectForServer(config, log.get());
  const Status status = InspectForPeople(config, log.get());
  if (status.ok()) return 0;
  std::cerr << "flambeau-server: " << Message(status) << "\n";
  return kExitSetup;
}

}  // namespace flambeau
