// Loads one version of a model: its file, what its configuration and flambeau.json say, its
// scheduler, its warm-up, its golden examples.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/status.h"
#include "repository/loaded_servable.h"
#include "repository/model_options.h"
#include "repository/refiner.h"
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
  // `refiner`: told of what has learned something; null if nothing shall be learned.
  VersionLoader(std::string device, const Scheduler::Options& scheduler, const TuningScope& tuning,
                const Repository::Dependencies& dependencies, std::shared_ptr<Refiner> refiner);

  Result<std::unique_ptr<LoadedServable>> Load(const VersionToLoad& version) const;

  // What another check tells with the shapes of requests. It is not kept: see Remember.
  Result<Inspection> InspectAgain(const VersionToLoad& version, SeenShapes seen) const;
  // Keeps what is known of `version` for the next time that it is loaded, unless its files have
  // changed since they had this `stamp`.
  void Remember(const VersionToLoad& version, const FileStamp& stamp,
                const Inspection& inspection) const;
  // Loads what is to take the place of `serving`, as `inspection` advises.
  Result<std::unique_ptr<LoadedServable>> LoadAgain(const VersionToLoad& version,
                                                    const LoadedServable& serving,
                                                    Inspection inspection) const;

 private:
  // What is known of a version before its file is loaded here.
  struct Known {
    std::optional<Inspection> inspection;  // nothing: a check is still to come
    std::shared_ptr<ServableStatistics> statistics;
  };
  Result<std::unique_ptr<LoadedServable>> Load(const VersionToLoad& version, Known known) const;
  Result<std::unique_ptr<LoadedServable>> LoadOnly(const VersionToLoad& version, Known known) const;
  Result<std::shared_ptr<Model>> LoadBehind(const std::string& file,
                                            const LoadOptions& options) const;
  // Errors: a flambeau.json beside the model that cannot be read.
  Result<InspectionRequest> RequestOf(const VersionToLoad& version) const;
  // `of_manifest`: the flambeau.json's, which those of a file beside the model beat.
  Status CheckExamples(const VersionToLoad& version, const std::string& of_manifest,
                       LoadedServable* servable) const;
  void LogReady(LoadedServable& servable, Duration took) const;

  const std::string device_;
  const Scheduler::Options scheduler_;
  const TuningScope tuning_;
  const Repository::Dependencies dependencies_;
  const std::shared_ptr<Refiner> refiner_;
};

}  // namespace flambeau
