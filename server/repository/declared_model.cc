#include "repository/declared_model.h"

namespace flambeau {

Result<ModelAsDeclared> Declare(std::shared_ptr<Model> model, const ModelConfig* config) {
  if (config == nullptr || model->facts().methods.empty()) {
    return ModelAsDeclared{std::move(model), nullptr};
  }
  FLAMBEAU_ASSIGN_OR_RETURN(Declaration declaration,
                            Declaration::Create(*config, model->facts().methods.front()));
  auto declared = std::make_shared<DeclaredModel>(std::move(model), declaration.model_facts());
  return ModelAsDeclared{std::move(declared),
                         std::make_shared<const Declaration>(std::move(declaration))};
}

}  // namespace flambeau
