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

}  // namespace

VersionLoader::VersionLoader(std::string device, const Scheduler::Options& scheduler,
                             const TuningScope& tuning,
                             const Repository::Dependencies& dependencies)
    : device_(std::move(device)),
      scheduler_(scheduler),
      tuning_(tuning),
      dependencies_(dependencies) {}

Result<std::unique_ptr<LoadedServable>> VersionLoader::Load(const VersionToLoad& version) const {
  dependencies_.log->Info("model loading", {{"model", version.name}, {"version", version.version}});
  const TimePoint begin = dependencies_.clock->Now();
  auto servable = LoadOnly(version);
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

Result<std::unique_ptr<LoadedServable>> VersionLoader::LoadOnly(
    const VersionToLoad& version) const {
  const ModelConfig nothing;
  const ModelConfig& config = version.config == nullptr ? nothing : *version.config;
  FLAMBEAU_ASSIGN_OR_RETURN(ModelOptions options,
                            ChooseOptions(config, device_, scheduler_, dependencies_.backend));
  for (const std::string& warning : options.warnings) {
    dependencies_.log->Warning("model configuration",
                               {{"model", version.name}, {"warning", warning}});
  }
  FLAMBEAU_ASSIGN_OR_RETURN(const std::optional<std::string> manifest,
                            ReadBeside(version, kManifestFile, kMaxManifestBytes));
  LoadedServable::Parts parts;
  FLAMBEAU_RETURN_IF_ERROR(Inspect(version, manifest.value_or(""), &options, &parts));
  FLAMBEAU_ASSIGN_OR_RETURN(std::shared_ptr<Model> model, LoadBehind(version.file, options.load));
  FLAMBEAU_ASSIGN_OR_RETURN(ModelAsDeclared declared,
                            Declare(std::move(model), version.config, manifest.value_or("")));
  parts.name = version.name;
  parts.version = version.version;
  parts.file = std::filesystem::path(version.file).filename().string();
  parts.model = std::move(declared.model);
  parts.config = std::move(declared.config);
  parts.declarations = std::move(declared.declarations);
  parts.description = std::move(declared.description);
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

// What is found out before the file is loaded here takes the place of finding it out here.
Status VersionLoader::Inspect(const VersionToLoad& version, const std::string& manifest,
                              ModelOptions* options, LoadedServable::Parts* parts) const {
  if (dependencies_.inspector == nullptr) return OkStatus();
  InspectionRequest request{version.name, version.file, version.config,
                            manifest,     device_,      scheduler_};
  request.tuning = tuning_;
  FLAMBEAU_ASSIGN_OR_RETURN(Inspection inspection, dependencies_.inspector->Inspect(request));
  Apply(inspection.tuned, options);
  options->load.optimizations = inspection.optimizations;
  options->scheduler.verdicts = std::move(inspection.verdicts);
  parts->seen_results = std::move(inspection.results);
  parts->notes = std::move(inspection.notes);
  return OkStatus();
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
