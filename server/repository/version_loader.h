// Loads one version of a model: its file, what its configuration and flambeau.json say, its
// scheduler, its warm-up, its golden examples.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/status.h"
#include "repository/loaded_servable.h"
#include "repository/model_options.h"
#include "repository/repository.h"
#include "spec/model_config.h"

namespace flambeau {

struct VersionToLoad {
  std::string name;
  int64_t version = 0;
  std::string file;
  std::string directory;                      // the model's; empty if it is a single file
  std::shared_ptr<const ModelConfig> config;  // null if there is none
};

// Threads: any. Lifetime: what it was given outlives it. Errors: Load: the inspector's and the
// backend's, and INVALID_ARGUMENT where the configuration contradicts the model; one sentence.
class VersionLoader {
 public:
  VersionLoader(std::string device, const Scheduler::Options& scheduler, const TuningScope& tuning,
                const Repository::Dependencies& dependencies);

  Result<std::unique_ptr<LoadedServable>> Load(const VersionToLoad& version) const;

 private:
  Result<std::unique_ptr<LoadedServable>> LoadOnly(const VersionToLoad& version) const;
  Result<std::shared_ptr<Model>> LoadBehind(const std::string& file,
                                            const LoadOptions& options) const;
  // `manifest`: the text of the flambeau.json beside the model.
  Status Inspect(const VersionToLoad& version, const std::string& manifest, ModelOptions* options,
                 LoadedServable::Parts* parts) const;
  // `of_manifest`: the flambeau.json's, which those of a file beside the model beat.
  Status CheckExamples(const VersionToLoad& version, const std::string& of_manifest,
                       LoadedServable* servable) const;
  void LogReady(LoadedServable& servable, Duration took) const;

  const std::string device_;
  const Scheduler::Options scheduler_;
  const TuningScope tuning_;
  const Repository::Dependencies dependencies_;
};

}  // namespace flambeau
