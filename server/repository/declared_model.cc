#include "repository/declared_model.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "repository/model_with_facts.h"
#include "spec/manifest.h"

namespace flambeau {
namespace {

Status DeclareMethod(const ModelConfig& config, const MethodFacts& method,
                     std::shared_ptr<const Declaration>* declared) {
  FLAMBEAU_ASSIGN_OR_RETURN(Declaration declaration, Declaration::Create(config, method));
  *declared = std::make_shared<const Declaration>(std::move(declaration));
  return OkStatus();
}

// The manifest's methods other than forward, which no configuration knows.
Status DeclareOthers(const Manifest& manifest, const std::vector<MethodFacts>& methods,
                     Declarations* declarations) {
  for (const auto& [name, tensors] : manifest.methods) {
    const auto found =
        std::find_if(methods.begin(), methods.end(),
                     [&name = name](const MethodFacts& method) { return method.name == name; });
    if (found == methods.end()) {
      return InvalidArgument(std::string(kManifestFile) + ": methods." + name +
                             " is not a method of the model.");
    }
    if (found == methods.begin()) continue;
    ModelConfig config;
    config.inputs = tensors.inputs;
    config.outputs = tensors.outputs;
    const auto index = static_cast<size_t>(found - methods.begin());
    FLAMBEAU_RETURN_IF_ERROR(DeclareMethod(config, *found, &(*declarations)[index]));
  }
  return OkStatus();
}

}  // namespace

Result<ModelAsDeclared> Declare(std::shared_ptr<Model> model,
                                std::shared_ptr<const ModelConfig> config,
                                const std::string& manifest) {
  ModelAsDeclared declared{std::move(model), std::move(config), {}, "", ""};
  const Facts& facts = declared.model->facts();
  const std::string& text = manifest.empty() ? facts.manifest : manifest;
  if (declared.config == nullptr && text.empty()) return declared;
  ModelConfig completed = declared.config == nullptr ? ModelConfig() : *declared.config;
  declared.declarations.resize(facts.methods.size());
  if (!text.empty()) {
    FLAMBEAU_ASSIGN_OR_RETURN(Manifest parsed, ParseManifest(text));
    Complete(parsed, &completed);
    FLAMBEAU_RETURN_IF_ERROR(DeclareOthers(parsed, facts.methods, &declared.declarations));
    declared.description = std::move(parsed.description);
    declared.examples = std::move(parsed.examples);
  }
  if (!facts.methods.empty()) {
    FLAMBEAU_RETURN_IF_ERROR(
        DeclareMethod(completed, facts.methods.front(), &declared.declarations.front()));
  }
  declared.config = std::make_shared<const ModelConfig>(std::move(completed));
  Facts with_declared = facts;
  with_declared.manifest.clear();  // read, and long
  for (size_t i = 0; i < declared.declarations.size(); ++i) {
    const auto& declaration = declared.declarations[i];
    if (declaration != nullptr) with_declared.methods[i] = declaration->model_facts();
  }
  declared.model =
      std::make_shared<ModelWithFacts>(std::move(declared.model), std::move(with_declared));
  return declared;
}

}  // namespace flambeau
