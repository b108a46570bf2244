#include "repository/version_loader.h"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

#include "base/thread.h"
#include "repository/declared_model.h"
#include "repository/model_options.h"
#include "repository/model_warmup.h"
#include "repository/version_files.h"
#include "spec/manifest.h"

namespace flambeau {
namespace {

constexpr size_t kMaxExamplesBytes = 64 << 20;
constexpr Duration kExamplesBudget = std::chrono::minutes(2);

void Adopt(const Inspection& inspection, ModelOptions* options) {
  Apply(inspection.tuned, options);
  options->load.optimizations = inspection.optimizations;
  options->scheduler.verdicts = inspection.verdicts;
  // Where the shapes are those of a request, nobody waits for a proof that outlasted its check.
  if (Any(inspection.seen)) options->scheduler.proof_budget = Duration::zero();
}

}  // namespace

VersionLoader::VersionLoader(std::string device, const Scheduler::Options& scheduler,
                             const TuningScope& tuning,
                             const Repository::Dependencies& dependencies,
                             std::shared_ptr<Refiner> refiner)
    : device_(std::move(device)),
      scheduler_(scheduler),
      tuning_(tuning),
      dependencies_(dependencies),
      refiner_(std::move(refiner)) {}

Result<std::unique_ptr<LoadedServable>> VersionLoader::Load(const VersionToLoad& version) const {
  return Load(version, Known{});
}

Result<std::unique_ptr<LoadedServable>> VersionLoader::LoadAgain(const VersionToLoad& version,
                                                                 const LoadedServable& serving,
                                                                 Inspection inspection) const {
  return Load(version, Known{std::move(inspection), serving.shared_statistics()});
}

Result<Inspection> VersionLoader::InspectAgain(const VersionToLoad& version,
                                               SeenShapes seen) const {
  FLAMBEAU_ASSIGN_OR_RETURN(InspectionRequest request, RequestOf(version));
  request.seen = std::move(seen);
  request.again = true;
  return dependencies_.inspector->Inspect(request);
}

void VersionLoader::Remember(const VersionToLoad& version, const FileStamp& stamp,
                             const Inspection& inspection) const {
  const Result<InspectionRequest> request = RequestOf(version);
  if (!request.ok() || StampOf(version) != stamp) return;
  FileStamp of_file = stamp;
  of_file.beside.clear();
  dependencies_.inspector->Remember(*request, of_file, inspection);
}

Result<std::unique_ptr<LoadedServable>> VersionLoader::Load(const VersionToLoad& version,
                                                            Known known) const {
  dependencies_.log->Info("model loading", {{"model", version.name}, {"version", version.version}});
  const TimePoint begin = dependencies_.clock->Now();
  auto servable = LoadOnly(version, std::move(known));
  if (servable.ok()) {
    const Duration took = dependencies_.clock->Now() - begin;
    dependencies_.metrics->ModelLoadTime(version.name, std::to_string(version.version), took);
    LogReady(**servable, took);
  } else {
    dependencies_.log->Error("model failed to load", {{"model", version.name},
                                                      {"version", version.version},
                                                      {"reason", Message(servable.status())}});
  }
  return servable;
}

Result<std::unique_ptr<LoadedServable>> VersionLoader::LoadOnly(const VersionToLoad& version,
                                                                Known known) const {
  const ModelConfig nothing;
  const ModelConfig& config = version.config == nullptr ? nothing : *version.config;
  FLAMBEAU_ASSIGN_OR_RETURN(ModelOptions options,
                            ChooseOptions(config, device_, scheduler_, dependencies_.backend));
  for (const std::string& warning : options.warnings) {
    dependencies_.log->Warning("model configuration",
                               {{"model", version.name}, {"warning", warning}});
  }
  FLAMBEAU_ASSIGN_OR_RETURN(const InspectionRequest request, RequestOf(version));
  LoadedServable::Parts parts;
  if (dependencies_.inspector != nullptr) {
    if (!known.inspection) {
      FLAMBEAU_ASSIGN_OR_RETURN(known.inspection, dependencies_.inspector->Inspect(request));
    }
    parts.inspection = *std::move(known.inspection);
    Adopt(parts.inspection, &options);
  }
  FLAMBEAU_ASSIGN_OR_RETURN(std::shared_ptr<Model> model, LoadBehind(version.file, options.load));
  FLAMBEAU_ASSIGN_OR_RETURN(ModelAsDeclared declared,
                            Declare(std::move(model), version.config, request.manifest));
  parts.name = version.name;
  parts.version = version.version;
  parts.file = std::filesystem::path(version.file).filename().string();
  parts.model = std::move(declared.model);
  parts.config = std::move(declared.config);
  parts.declarations = std::move(declared.declarations);
  parts.description = std::move(declared.description);
  parts.statistics = std::move(known.statistics);
  // A servable that is still pinned may outlive this.
  if (refiner_ != nullptr) {
    parts.on_learned = [refiner = refiner_, name = version.name, number = version.version] {
      refiner->Add(name, number);
    };
  }
  parts.metrics = dependencies_.metrics->ForModel(version.name, std::to_string(version.version));
  FLAMBEAU_ASSIGN_OR_RETURN(std::unique_ptr<LoadedServable> servable,
                            LoadedServable::Create(std::move(parts), options.scheduler,
                                                   {dependencies_.clock, dependencies_.permits,
                                                    dependencies_.log, nullptr}));
  FLAMBEAU_RETURN_IF_ERROR(
      RunWarmup(config, version.directory, servable.get(), dependencies_.clock));
  FLAMBEAU_RETURN_IF_ERROR(CheckExamples(version, declared.examples, servable.get()));
  return servable;
}

// Behind the requests to the models that serve. On a thread of its own: those that the caller
// starts later, the workers, would inherit its priority.
Result<std::shared_ptr<Model>> VersionLoader::LoadBehind(const std::string& file,
                                                         const LoadOptions& options) const {
  Result<std::shared_ptr<Model>> model = Internal("not loaded");
  Thread("load-behind", [&] {
    GiveWay();
    model = dependencies_.backend->Load(file, options);
  }).Join();
  return model;
}

Result<InspectionRequest> VersionLoader::RequestOf(const VersionToLoad& version) const {
  FLAMBEAU_ASSIGN_OR_RETURN(std::optional<std::string> manifest,
                            ReadBeside(version, kManifestFile, kMaxManifestBytes));
  InspectionRequest request;
  request.name = version.name;
  request.file = version.file;
  request.config = version.config;
  request.manifest = std::move(manifest).value_or("");
  request.device = device_;
  request.scheduler = scheduler_;
  request.tuning = tuning_;
  return request;
}

Status VersionLoader::CheckExamples(const VersionToLoad& version, const std::string& of_manifest,
                                    LoadedServable* servable) const {
  if (!dependencies_.check_examples) return OkStatus();
  FLAMBEAU_ASSIGN_OR_RETURN(std::optional<std::string> beside,
                            ReadBeside(version, kExamplesFile, kMaxExamplesBytes));
  if (!beside && of_manifest.empty()) return OkStatus();
  const ExamplesText examples = beside ? ExamplesText{*std::move(beside), kExamplesFile}
                                       : ExamplesText{of_manifest, kManifestFile};
  return dependencies_.check_examples(examples, *servable, *dependencies_.clock,
                                      dependencies_.clock->Now() + kExamplesBudget);
}

void VersionLoader::LogReady(LoadedServable& servable, Duration took) const {
  const Proof proof =
      servable.facts().methods.empty() ? Proof{} : servable.signature(0)->static_proof;
  dependencies_.log->Info("model ready", {{"model", servable.name()},
                                          {"version", servable.version()},
                                          {"seconds", std::chrono::duration<double>(took).count()},
                                          {"device", servable.facts().device},
                                          {"instances", servable.scheduler().instances()},
                                          {"batching", Name(proof.verdict)},
                                          {"batching_reason", proof.reason}});
}

}  // namespace flambeau
