#include "serving/model_admin.h"

#include <utility>

namespace flambeau {
namespace {

Status Draining() { return Unavailable("The server is shutting down; ask another one."); }

}  // namespace

ModelAdmin::ModelAdmin(Repository* repository) : repository_(repository) {}

Result<std::shared_ptr<const ModelConfig>> ModelAdmin::Config(std::string_view name,
                                                              std::string_view version) const {
  FLAMBEAU_ASSIGN_OR_RETURN(const ServablePtr servable, repository_->Resolve(name, version));
  return servable->config();
}

void ModelAdmin::Load(const std::string& name, LoadParameters parameters, LoadDone done) {
  if (auto registered = Register(std::move(done))) {
    repository_->Load(name, std::move(parameters.config), *std::move(registered));
  }
}

void ModelAdmin::Unload(const std::string& name, const LoadParameters&, LoadDone done) {
  if (auto registered = Register(std::move(done))) {
    repository_->Unload(name, *std::move(registered));
  }
}

std::optional<LoadDone> ModelAdmin::Register(LoadDone done) {
  std::unique_lock lock(waiting_->mutex);
  if (waiting_->draining) {
    lock.unlock();
    done(Draining());
    return std::nullopt;
  }
  const uint64_t number = ++waiting_->next;
  waiting_->done[number] = std::move(done);
  return [waiting = waiting_, number](const Status& status) {
    LoadDone answer;
    {
      const std::lock_guard lock(waiting->mutex);
      const auto found = waiting->done.find(number);
      if (found == waiting->done.end()) return;  // answered by the drain
      answer = std::move(found->second);
      waiting->done.erase(found);
    }
    answer(status);
  };
}

bool ModelAdmin::waiting() const {
  const std::lock_guard lock(waiting_->mutex);
  return !waiting_->done.empty();
}

void ModelAdmin::BeginDrain() {
  std::map<uint64_t, LoadDone> done;
  {
    const std::lock_guard lock(waiting_->mutex);
    waiting_->draining = true;
    done.swap(waiting_->done);
  }
  for (const auto& [number, answer] : done) answer(Draining());
}

Status UnknownLoadParameter(std::string_view name, bool unload) {
  if (!unload && name.substr(0, 5) == "file:") {
    return InvalidArgument(
        "Parameter 'file:...' is not supported: put the file into the model directory and load the "
        "model again.");
  }
  return InvalidArgument("Parameter '" + std::string(name) + "' is not known: " +
                         (unload ? "an unload takes 'unload_dependents'."
                                 : "a load takes 'config', a ModelConfig as JSON."));
}

}  // namespace flambeau
