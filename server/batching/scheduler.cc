#include "batching/scheduler.h"

#include <utility>

#include "batching/pull_scheduler.h"

namespace flambeau {

Result<std::unique_ptr<Scheduler>> Scheduler::Create(const std::string& name,
                                                     std::shared_ptr<Model> model,
                                                     const Options& options,
                                                     const Dependencies& dependencies) {
  auto scheduler = std::make_unique<PullScheduler>(name, std::move(model), options, dependencies);
  FLAMBEAU_RETURN_IF_ERROR(scheduler->Start());
  return std::unique_ptr<Scheduler>(std::move(scheduler));
}

}  // namespace flambeau
