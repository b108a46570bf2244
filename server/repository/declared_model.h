// A model with the facts that its configuration completes.
#pragma once

#include <memory>
#include <utility>

#include "backend/backend.h"
#include "base/status.h"
#include "repository/declaration.h"
#include "spec/model_config.h"

namespace flambeau {

// Threads: any. Lifetime: shared; keeps the model alive. Errors: the model's.
class DeclaredModel final : public Model {
 public:
  // `forward`: what takes the place of the first method's facts.
  DeclaredModel(std::shared_ptr<Model> model, MethodFacts forward)
      : model_(std::move(model)), facts_(model_->facts()) {
    facts_.methods.front() = std::move(forward);
  }
  const Facts& facts() const override { return facts_; }
  Result<std::unique_ptr<Instance>> NewInstance() override { return model_->NewInstance(); }
  Result<std::unique_ptr<Instance>> NewProbe() override { return model_->NewProbe(); }

 private:
  const std::shared_ptr<Model> model_;
  Facts facts_;
};

struct ModelAsDeclared {
  std::shared_ptr<Model> model;
  std::shared_ptr<const Declaration> declaration;  // null if nothing is declared
};

// The model as it is, or completed by its configuration. `config` may be null.
// Errors: INVALID_ARGUMENT, one sentence, where the configuration contradicts the model.
Result<ModelAsDeclared> Declare(std::shared_ptr<Model> model, const ModelConfig* config);

}  // namespace flambeau
