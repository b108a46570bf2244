// What a model's configuration or flambeau.json says of a method's arguments and results, held
// against what the model is.
//
// Names follow Triton's PyTorch backend: an argument's own name, "<name>__<index>", or, if none of
// the names is either, the order in which the configuration lists them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/facts.h"
#include "base/status.h"
#include "spec/model_config.h"
#include "tensor/value.h"

namespace flambeau {

// From a shape as clients have it to the one that the model has, or back: the sizes at the -1s move
// over in order.
struct ReshapeRule {
  Shape from;
  Shape to;
};

// The new shape; nothing if `shape` is not one that `rule.from` describes.
std::optional<Shape> Reshape(const ReshapeRule& rule, const Shape& shape);

struct DeclaredInput {
  bool declared = false;  // else the argument is as the model has it
  std::string own_name;   // the argument's own; a request may use it, too
  TensorFact shown;       // as clients see it
  bool optional = false;
  std::optional<ReshapeRule> reshape;
};

struct DeclaredOutput {
  std::string name;
  std::optional<DType> dtype;
  std::optional<Shape> dims;  // with the batch; nothing: not declared
  std::optional<ReshapeRule> reshape;
};

// Of one method. Threads: any, once created. Lifetime: a value.
// Errors: Create: INVALID_ARGUMENT, one sentence, where the configuration contradicts the model.
class Declaration {
 public:
  static Result<Declaration> Create(const ModelConfig& config, const MethodFacts& method);

  // The method as the scheduler knows it: shapes as the model gets them, its own results' names.
  const MethodFacts& model_facts() const { return model_facts_; }
  // Turns what is known of the method into what clients see: declared names, datatypes and shapes.
  void Show(MethodFacts* facts) const;

  // By argument.
  const std::vector<DeclaredInput>& inputs() const { return inputs_; }
  // Nothing where it is not declared; 0: dimension 0 is no batch.
  std::optional<int64_t> max_batch_size() const { return max_batch_size_; }
  // Which argument an input of that name is, declared or the model's own; nothing if none.
  std::optional<size_t> FindInput(std::string_view name) const;

  bool has_outputs() const { return !outputs_.empty(); }
  // A result's tensors as clients see them: the declared ones, in the declared order.
  // Errors: INTERNAL if the result lacks one or its shape cannot be reshaped.
  Result<std::vector<NamedTensor>> NameOutputs(std::vector<NamedTensor> leaves) const;
  // The declared name of what a request calls `name`, which may be the model's own name for it.
  std::string OutputName(const std::string& name) const;

 private:
  Status DeclareInputs(const ModelConfig& config);
  Status DeclareInput(const ConfigTensor& input, size_t argument);
  Status DeclareOutputs(const ModelConfig& config);
  Shape WithBatch(const Shape& dims) const;

  std::optional<int64_t> max_batch_size_;
  MethodFacts model_facts_;
  std::vector<DeclaredInput> inputs_;
  std::vector<DeclaredOutput> outputs_;
};

// By method; null where nothing is declared.
using Declarations = std::vector<std::shared_ptr<const Declaration>>;

// Which of `own` each of `declared` means, by the rules above; no value where it cannot be told.
std::vector<std::optional<size_t>> MatchNames(const std::vector<std::string>& declared,
                                              const std::vector<std::string>& own);

}  // namespace flambeau
