#include "repository/declaration.h"

#include <algorithm>
#include <set>
#include <utility>

#include "backend/fact_rules.h"
#include "base/sentence.h"

namespace flambeau {
namespace {

template <typename Named>
std::vector<std::string> Names(const std::vector<Named>& named) {
  std::vector<std::string> names;
  names.reserve(named.size());
  for (const Named& one : named) names.push_back(one.name);
  return names;
}

std::string List(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + Quote(name);
  return list.empty() ? "none" : list;
}

Status Contradiction(const std::string& what) {
  return InvalidArgument("The model's configuration contradicts the model: " + what + ".");
}

// The datatypes that the graph or the argument's type allows; empty: any.
std::vector<DType> Allowed(const ArgumentFact& argument) {
  switch (argument.kind) {
    case ValueKind::kTensor:
      if (IsFirm(argument.tensor.dtype_source)) return argument.tensor.accepted;
      return {};
    case ValueKind::kBool:
      return {DType::kBool};
    case ValueKind::kInt:
      return {DType::kInt64, DType::kInt32, DType::kInt16, DType::kInt8};
    case ValueKind::kFloat:
      return {DType::kFp64, DType::kFp32};
    case ValueKind::kString:
      return {DType::kBytes};
    default:
      return {};
  }
}

// Whether a shape that the configuration gives can be what the graph tells. Dimension 0 is the
// batch's, whatever the file's example had.
bool Agree(const TensorFact& fact, const Shape& declared) {
  if (!IsFirm(fact.dims_source) || !fact.dims) return true;
  const auto equal = [](int64_t a, int64_t b) { return a < 0 || b < 0 || a == b; };
  if (fact.any_rank) {
    return !declared.empty() && (fact.dims->empty() || equal(fact.dims->back(), declared.back()));
  }
  if (fact.dims->size() != declared.size()) return false;
  for (size_t i = 1; i < declared.size(); ++i) {
    if (!equal((*fact.dims)[i], declared[i])) return false;
  }
  return true;
}

// What the graph knows more exactly stays known.
void Declare(const Shape& declared, TensorFact* fact) {
  Shape merged = declared;
  if (IsFirm(fact->dims_source) && fact->dims && !fact->any_rank &&
      fact->dims->size() == merged.size()) {
    for (size_t i = 1; i < merged.size(); ++i) {
      if (merged[i] < 0) merged[i] = (*fact->dims)[i];
    }
  }
  fact->dims = std::move(merged);
  fact->dims_source = FactSource::kDeclared;
  fact->any_rank = false;
}

std::string ShapeOf(const TensorFact& fact) {
  if (fact.any_rank) return "a last dimension of " + std::to_string(fact.dims->back());
  return ToString(*fact.dims);
}

}  // namespace

std::optional<Shape> Reshape(const ReshapeRule& rule, const Shape& shape) {
  if (shape.size() != rule.from.size()) return std::nullopt;
  Shape free;
  for (size_t i = 0; i < shape.size(); ++i) {
    if (rule.from[i] < 0) {
      free.push_back(shape[i]);
    } else if (rule.from[i] != shape[i]) {
      return std::nullopt;
    }
  }
  Shape to = rule.to;
  size_t next = 0;
  for (int64_t& size : to) {
    if (size >= 0) continue;
    if (next == free.size()) return std::nullopt;
    size = free[next++];
  }
  if (next != free.size()) return std::nullopt;
  return to;
}

Result<Declaration> Declaration::Create(const ModelConfig& config, const MethodFacts& method) {
  Declaration declaration;
  declaration.max_batch_size_ = config.max_batch_size;
  declaration.model_facts_ = method;
  for (const ArgumentFact& argument : method.arguments) {
    DeclaredInput input;
    input.own_name = argument.name;
    declaration.inputs_.push_back(std::move(input));
  }
  FLAMBEAU_RETURN_IF_ERROR(declaration.DeclareInputs(config));
  FLAMBEAU_RETURN_IF_ERROR(declaration.DeclareOutputs(config));
  return declaration;
}

Shape Declaration::WithBatch(const Shape& dims) const {
  Shape shape;
  if (max_batch_size_.value_or(0) > 0) shape.push_back(-1);
  shape.insert(shape.end(), dims.begin(), dims.end());
  return shape;
}

Status Declaration::DeclareInputs(const ModelConfig& config) {
  if (config.inputs.empty()) return OkStatus();
  const std::vector<std::string> own = Names(model_facts_.arguments);
  if (config.inputs.size() > own.size()) {
    return Contradiction("it declares " + std::to_string(config.inputs.size()) +
                         " inputs, but the model's arguments are " + List(own));
  }
  const auto matches = MatchNames(Names(config.inputs), own);
  for (size_t i = 0; i < matches.size(); ++i) {
    const ConfigTensor& input = config.inputs[i];
    if (!matches[i]) {
      return Contradiction("there is no argument for input " + Quote(input.name) +
                           "; the model's arguments are " + List(own));
    }
    if (inputs_[*matches[i]].declared) {
      return Contradiction("two inputs are for argument " + Quote(own[*matches[i]]));
    }
    FLAMBEAU_RETURN_IF_ERROR(DeclareInput(input, *matches[i]));
  }
  for (size_t i = 0; i < inputs_.size(); ++i) {
    const ArgumentFact& argument = model_facts_.arguments[i];
    if (inputs_[i].declared || argument.optional || argument.has_default) continue;
    return Contradiction("argument " + Quote(own[i]) +
                         " has no default and is not among the declared inputs");
  }
  // A name may be another argument's own: requests would be ambiguous.
  std::set<std::string> shown;
  for (const ArgumentFact& argument : model_facts_.arguments) {
    if (shown.insert(argument.name).second) continue;
    return Contradiction("input " + Quote(argument.name) + " has the name of another argument");
  }
  return OkStatus();
}

Status Declaration::DeclareInput(const ConfigTensor& input, size_t index) {
  ArgumentFact& argument = model_facts_.arguments[index];
  DeclaredInput& declared = inputs_[index];
  const std::string name = "input " + Quote(input.name);
  const std::vector<DType> allowed = Allowed(argument);
  if (input.dtype && !allowed.empty() &&
      std::find(allowed.begin(), allowed.end(), *input.dtype) == allowed.end()) {
    return Contradiction(name + " has datatype " + std::string(flambeau::Name(*input.dtype)) +
                         ", but the model takes " + std::string(flambeau::Name(allowed.front())));
  }
  if (input.optional && !argument.optional && !argument.has_default) {
    return Contradiction(name + " is optional, but the model's argument has no default");
  }
  declared.declared = true;
  declared.optional = input.optional;
  argument.name = input.name;
  if (argument.kind != ValueKind::kTensor) return OkStatus();
  TensorFact& fact = argument.tensor;
  if (input.dtype) {
    fact.dtype = input.dtype;
    fact.dtype_source = FactSource::kDeclared;
    fact.accepted = {*input.dtype};
  }
  if (input.dims.empty()) {
    declared.shown = fact;
    return OkStatus();
  }
  const Shape shown = WithBatch(input.dims);
  const Shape got = input.reshape ? WithBatch(*input.reshape) : shown;
  if (!Agree(fact, got)) {
    return Contradiction(name + " has shape " + ToString(got) +
                         (input.reshape ? " after its reshape" : "") +
                         (max_batch_size_.value_or(0) > 0 ? " with the batch" : "") +
                         ", but the model takes " + ShapeOf(fact));
  }
  Declare(got, &fact);
  declared.shown = fact;
  if (input.reshape) {
    declared.shown.dims = shown;
    declared.reshape = ReshapeRule{shown, got};
  }
  return OkStatus();
}

Status Declaration::DeclareOutputs(const ModelConfig& config) {
  for (const ConfigTensor& output : config.outputs) {
    DeclaredOutput declared{output.name, output.dtype, std::nullopt, std::nullopt};
    if (!output.dims.empty()) declared.dims = WithBatch(output.dims);
    if (output.reshape) {
      declared.reshape = ReshapeRule{WithBatch(*output.reshape), WithBatch(output.dims)};
    }
    outputs_.push_back(std::move(declared));
  }
  std::vector<ResultFact>& results = model_facts_.results;
  if (results.empty() || outputs_.empty()) return OkStatus();
  const std::vector<std::string> own = Names(results);
  const auto matches = MatchNames(Names(outputs_), own);
  for (size_t i = 0; i < matches.size(); ++i) {
    const DeclaredOutput& output = outputs_[i];
    const std::string name = "output " + Quote(output.name);
    if (!matches[i]) {
      return Contradiction("there is no result for " + name + "; the model's results are " +
                           List(own));
    }
    TensorFact& fact = results[*matches[i]].tensor;
    const std::optional<Shape> given =
        output.reshape ? std::optional<Shape>(output.reshape->from) : output.dims;
    if (given && !Agree(fact, *given)) {
      return Contradiction(name + " has shape " + ToString(*given) + ", but the model gives " +
                           ShapeOf(fact));
    }
    if (output.dtype && IsFirm(fact.dtype_source) && fact.dtype && *fact.dtype != *output.dtype) {
      return Contradiction(name + " has datatype " + std::string(flambeau::Name(*output.dtype)) +
                           ", but the model gives " + std::string(flambeau::Name(*fact.dtype)));
    }
  }
  return OkStatus();
}

void Declaration::Show(MethodFacts* facts) const {
  for (size_t i = 0; i < std::min(inputs_.size(), facts->arguments.size()); ++i) {
    const DeclaredInput& input = inputs_[i];
    if (!input.declared) continue;
    ArgumentFact& argument = facts->arguments[i];
    argument.name = model_facts_.arguments[i].name;
    argument.optional = argument.optional || input.optional;
    if (argument.kind == ValueKind::kTensor) {
      argument.tensor.dims = input.shown.dims;
      argument.tensor.dims_source = input.shown.dims_source;
    }
  }
  if (outputs_.empty()) return;
  const auto matches = MatchNames(Names(outputs_), Names(facts->results));
  std::vector<ResultFact> shown;
  for (size_t i = 0; i < outputs_.size(); ++i) {
    ResultFact result{outputs_[i].name, {}};
    if (matches[i]) result.tensor = facts->results[*matches[i]].tensor;
    if (outputs_[i].dtype) {
      result.tensor.dtype = outputs_[i].dtype;
      result.tensor.dtype_source = FactSource::kDeclared;
    }
    if (outputs_[i].dims) {
      result.tensor.dims = outputs_[i].dims;
      result.tensor.dims_source = FactSource::kDeclared;
    }
    shown.push_back(std::move(result));
  }
  facts->results = std::move(shown);
}

std::optional<size_t> Declaration::FindInput(std::string_view name) const {
  for (size_t i = 0; i < inputs_.size(); ++i) {
    if (model_facts_.arguments[i].name == name) return i;
  }
  for (size_t i = 0; i < inputs_.size(); ++i) {
    if (inputs_[i].own_name == name) return i;
  }
  return std::nullopt;
}

Result<std::vector<NamedTensor>> Declaration::NameOutputs(std::vector<NamedTensor> leaves) const {
  const auto matches = MatchNames(Names(outputs_), Names(leaves));
  std::vector<NamedTensor> named;
  named.reserve(outputs_.size());
  for (size_t i = 0; i < outputs_.size(); ++i) {
    const DeclaredOutput& output = outputs_[i];
    if (!matches[i]) {
      return Internal("The model gave no result for the declared output " + Quote(output.name) +
                      ".");
    }
    Tensor tensor = leaves[*matches[i]].tensor;
    if (output.reshape) {
      std::optional<Shape> shape = Reshape(*output.reshape, tensor.shape());
      if (!shape) {
        return Internal("The model gave output " + Quote(output.name) + " of shape " +
                        ToString(tensor.shape()) + "; its reshape is declared for " +
                        ToString(output.reshape->from) + ".");
      }
      tensor = tensor.Reshaped(*std::move(shape));
    }
    named.push_back({output.name, std::move(tensor)});
  }
  return named;
}

std::string Declaration::OutputName(const std::string& name) const {
  const std::vector<std::string> declared = Names(outputs_);
  if (std::find(declared.begin(), declared.end(), name) != declared.end()) return name;
  const std::vector<std::string> own = Names(model_facts_.results);
  const auto matches = MatchNames(declared, own);
  for (size_t i = 0; i < matches.size(); ++i) {
    if (matches[i] && own[*matches[i]] == name) return declared[i];
  }
  return name;
}

}  // namespace flambeau
