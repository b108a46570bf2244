// A model of which more is known than its file tells.
#pragma once

#include <memory>
#include <utility>

#include "backend/backend.h"
#include "base/status.h"

namespace flambeau {

// Threads: any. Lifetime: shared; keeps the model alive. Errors: the model's.
class ModelWithFacts final : public Model {
 public:
  ModelWithFacts(std::shared_ptr<Model> model, Facts facts)
      : model_(std::move(model)), facts_(std::move(facts)) {}
  const Facts& facts() const override { return facts_; }
  Result<std::unique_ptr<Instance>> NewInstance() override { return model_->NewInstance(); }
  Result<std::unique_ptr<Instance>> NewProbe() override { return model_->NewProbe(); }

 private:
  const std::shared_ptr<Model> model_;
  const Facts facts_;
};

}  // namespace flambeau
