// A model with the facts that its configuration and flambeau.json complete.
#pragma once

#include <memory>
#include <string>

#include "backend/backend.h"
#include "base/status.h"
#include "repository/declaration.h"
#include "spec/model_config.h"

namespace flambeau {

struct ModelAsDeclared {
  std::shared_ptr<Model> model;
  std::shared_ptr<const ModelConfig>
      config;  // with what flambeau.json adds; null if nothing is said
  Declarations declarations;
  std::string description;  // flambeau.json's
  std::string examples;     // flambeau.json's, a JSON array; empty if it has none
};

// The model as it is, or completed by its configuration (null if there is none) and by `manifest`,
// the text of the flambeau.json that lies beside it; if that is empty, by the one inside the file.
// Errors: INVALID_ARGUMENT, one sentence, where flambeau.json is wrong or what is said contradicts
// the model.
Result<ModelAsDeclared> Declare(std::shared_ptr<Model> model,
                                std::shared_ptr<const ModelConfig> config,
                                const std::string& manifest);

}  // namespace flambeau
