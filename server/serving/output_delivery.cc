#include "serving/output_delivery.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "repository/declaration.h"
#include "serving/alias.h"
#include "serving/classification.h"

namespace flambeau {
namespace {

// The labels that the configuration has for what a request calls `name`: a declared name, the
// model's own for it, or a position.
std::vector<std::string> LabelsOf(const ModelConfig& config, const Declaration* declaration,
                                  const std::string& name) {
  const std::string shown = declaration == nullptr ? name : declaration->OutputName(name);
  for (const ConfigTensor& output : config.outputs) {
    if (output.name == shown) return output.labels;
  }
  const std::optional<size_t> index = AliasIndex(name, kOutputAlias);
  if (!index || *index >= config.outputs.size()) return {};
  return config.outputs[*index].labels;
}

}  // namespace

Result<OutputDelivery> OutputDelivery::Create(const std::vector<RequestedOutput>& requested,
                                              const Servable& servable,
                                              const SharedMemory& memory) {
  OutputDelivery delivery;
  const auto has_step = [](const RequestedOutput& output) {
    return output.classification > 0 || output.shared_memory.has_value();
  };
  if (std::none_of(requested.begin(), requested.end(), has_step)) return delivery;
  const std::shared_ptr<const ModelConfig> config = servable.config();
  const Declaration* const declaration = servable.declaration(0);
  if (declaration != nullptr && declaration->max_batch_size()) {
    delivery.batched_ = *declaration->max_batch_size() > 0;
  }
  for (const RequestedOutput& output : requested) {
    Step step;
    step.classification = output.classification;
    if (output.classification > 0 && output.shared_memory) {
      return InvalidArgument("Output '" + output.name +
                             "' cannot be classified into shared memory; ask for one of the two.");
    }
    if (output.classification > 0) step.labels = LabelsOf(*config, declaration, output.name);
    if (output.shared_memory) {
      FLAMBEAU_ASSIGN_OR_RETURN(step.target, memory.Target(*output.shared_memory));
    }
    delivery.steps_.push_back(std::move(step));
  }
  return delivery;
}

Status OutputDelivery::Deliver(InferResult* result) const {
  const size_t count = std::min(steps_.size(), result->outputs.size());
  for (size_t i = 0; i < count; ++i) {
    const Step& step = steps_[i];
    auto& [name, tensor] = result->outputs[i];
    if (step.classification > 0) {
      // Undeclared, a vector is one row's scores and anything larger has rows.
      const bool batched = batched_.value_or(tensor.shape().size() > 1);
      FLAMBEAU_ASSIGN_OR_RETURN(tensor,
                                Classify(tensor, step.classification, batched, step.labels, name));
    }
    if (step.target) FLAMBEAU_RETURN_IF_ERROR(step.target->Write(tensor, name));
  }
  return OkStatus();
}

}  // namespace flambeau
