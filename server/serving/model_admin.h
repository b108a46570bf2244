// The use cases of a model's owner: its configuration, loading and unloading.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "repository/repository.h"

namespace flambeau {

// What a load or unload request asks for. A parameter that is not known was refused before.
struct LoadParameters {
  std::optional<std::string> config;  // load: a ModelConfig as JSON
  bool unload_dependents = false;     // unload: nothing depends on a model here
};

// Threads: any. Lifetime: the repository outlives it, it outlives the transports.
// Errors: as Repository's.
class ModelAdmin {
 public:
  explicit ModelAdmin(Repository* repository);

  Result<std::shared_ptr<const ModelConfig>> Config(std::string_view name,
                                                    std::string_view version) const;
  void Load(const std::string& name, LoadParameters parameters, LoadDone done);
  void Unload(const std::string& name, const LoadParameters& parameters, LoadDone done);

  // From now on loads are refused, and those in progress answered UNAVAILABLE: nobody waits for
  // them.
  void BeginDrain();
  // Whether a load or unload is in progress.
  bool waiting() const;

 private:
  // Shared with what the repository calls back, which may come after the admin has gone.
  struct Waiting {
    std::mutex mutex;
    bool draining = false;
    uint64_t next = 0;
    std::map<uint64_t, LoadDone> done;  // as many as the repository lets wait
  };

  // `done` for the repository, under a number of its own; nothing while draining, which it is then
  // told.
  std::optional<LoadDone> Register(LoadDone done);

  Repository* const repository_;
  const std::shared_ptr<Waiting> waiting_ = std::make_shared<Waiting>();
};

// The sentence for a load parameter that is not known, "file:..." among them.
Status UnknownLoadParameter(std::string_view name, bool unload);

}  // namespace flambeau
