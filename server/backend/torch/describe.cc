#include "backend/torch/describe.h"

#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/serialization/python_print.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "backend/torch/graph_constants.h"
#include "backend/torch/result_facts.h"
#include "backend/torch/signature.h"
#include "backend/torch/static_gate.h"
#include "backend/torch/writes.h"

namespace flambeau {
namespace {

ValueKind ScalarKind(c10::TypeKind kind) {
  switch (kind) {
    case c10::TypeKind::TensorType:
      return ValueKind::kTensor;
    case c10::TypeKind::BoolType:
      return ValueKind::kBool;
    case c10::TypeKind::IntType:
      return ValueKind::kInt;
    case c10::TypeKind::FloatType:
      return ValueKind::kFloat;
    case c10::TypeKind::StringType:
      return ValueKind::kString;
    default:
      return ValueKind::kOther;
  }
}

void DescribeType(const c10::TypePtr& type, ArgumentFact& fact);

// "Batch(ids: Tensor, scale: float)"
std::string NamedTupleText(const c10::TupleType& tuple, const std::vector<ArgumentFact>& fields) {
  std::string text = tuple.name() ? tuple.name()->name() : "NamedTuple";
  text += '(';
  for (const ArgumentFact& field : fields) {
    if (&field != &fields.front()) text += ", ";
    text += field.name + ": " + field.type;
  }
  return text + ")";
}

void DescribeTuple(const c10::TupleType& tuple, ArgumentFact& fact) {
  fact.kind = tuple.elements().empty() ? ValueKind::kOther : ValueKind::kTuple;
  for (size_t i = 0; i < tuple.elements().size(); ++i) {
    ArgumentFact& element = fact.elements.emplace_back();
    DescribeType(tuple.elements()[i], element);
    if (tuple.schema()) element.name = tuple.schema()->arguments()[i].name();
  }
  if (tuple.schema()) fact.type = NamedTupleText(tuple, fact.elements);
}

void DescribeType(const c10::TypePtr& type, ArgumentFact& fact) {
  fact.type = type->annotation_str();
  if (const auto optional = type->cast<c10::OptionalType>()) {
    DescribeType(optional->getElementType(), fact);
    fact.type = type->annotation_str();
    fact.optional = true;
  } else if (const auto list = type->cast<c10::ListType>()) {
    fact.kind = ValueKind::kList;
    DescribeType(list->getElementType(), fact.elements.emplace_back());
  } else if (const auto dict = type->cast<c10::DictType>()) {
    const bool by_text = dict->getKeyType()->kind() == c10::TypeKind::StringType;
    fact.kind = by_text ? ValueKind::kDict : ValueKind::kOther;
    if (by_text) DescribeType(dict->getValueType(), fact.elements.emplace_back());
  } else if (const auto tuple = type->cast<c10::TupleType>()) {
    DescribeTuple(*tuple, fact);
  } else {
    fact.kind = ScalarKind(type->kind());
  }
}

std::string DefaultText(const c10::IValue& value) {
  std::ostringstream text;
  value.repr(text, [](std::ostream&, const c10::IValue&) { return false; });
  return text.str();
}

ArgumentFact DescribeArgument(const c10::Argument& argument) {
  ArgumentFact fact;
  DescribeType(argument.type(), fact);
  fact.name = argument.name();
  fact.has_default = argument.default_value().has_value();
  if (fact.has_default) fact.default_text = DefaultText(*argument.default_value());
  return fact;
}

void CollectConstants(const torch::jit::Block* block, std::vector<c10::IValue>& constants) {
  for (const torch::jit::Node* node : block->nodes()) {
    if (node->kind() == c10::prim::Constant) {
      if (auto value = torch::jit::toIValue(node->output()); value && value->isTensor()) {
        constants.push_back(*std::move(value));
      }
    }
    for (const torch::jit::Block* inner : node->blocks()) CollectConstants(inner, constants);
  }
}

// The method as TorchScript would save it.
std::string SourceText(const torch::jit::Function& function) {
  std::vector<c10::IValue> constants;
  torch::jit::PrintDepsTable classes;
  torch::jit::PythonPrint printer(constants, classes);
  printer.printMethod(function);
  return printer.str();
}

void DescribeMethod(const torch::jit::Module& module,
                    const std::unordered_set<std::string>& assigned, torch::jit::Function& function,
                    ModuleDescription& description) {
  auto& graph_function = static_cast<torch::jit::GraphFunction&>(function);
  const auto& schema = function.getSchema();
  MethodPlan plan;
  plan.function = &graph_function;
  MethodFacts facts;
  facts.name = function.name();
  for (const c10::Argument& argument : schema.arguments()) {
    if (&argument == schema.arguments().data()) continue;  // self
    facts.arguments.push_back(DescribeArgument(argument));
    plan.arguments.push_back({argument.name(), argument.type(), argument.default_value()});
  }
  if (!schema.returns().empty()) facts.result_type = schema.returns()[0].type()->annotation_str();
  const auto graph = graph_function.optimized_graph();
  CollectConstants(graph->block(), description.constants);
  GraphConstants constants(*graph, module, assigned);
  const Writes writes = FindWrites(*graph, constants);
  plan.writes_inputs = writes.inputs;
  description.facts.writes_state = description.facts.writes_state || !writes.attributes.empty();
  InferArguments(*graph, module, assigned, facts);
  InferResults(*graph, constants, facts);
  if (writes.attributes.empty()) {
    facts.static_proof = ProveStatically(*graph, module, assigned, facts);
  } else {
    facts.static_proof.verdict = Verdict::kRefused;
    facts.static_proof.reason = writes.attributes;
  }
  facts.code = SourceText(graph_function);
  facts.graph = graph->toString(/*print_source_locations=*/false);
  description.facts.methods.push_back(std::move(facts));
  description.plans.push_back(std::move(plan));
}

// Those that a client may call: "forward" first; names with an underscore are the model's own.
std::vector<torch::jit::Function*> Callable(const torch::jit::Module& module) {
  std::vector<torch::jit::Function*> methods;
  for (torch::jit::Function* method : module.type()->methods()) {
    if (method->isGraphFunction() && method->name().rfind('_', 0) != 0) methods.push_back(method);
  }
  std::stable_partition(methods.begin(), methods.end(),
                        [](const auto* method) { return method->name() == "forward"; });
  return methods;
}

int64_t ParameterBytes(const torch::jit::Module& module) {
  int64_t bytes = 0;
  for (const at::Tensor& tensor : module.parameters()) {
    bytes += static_cast<int64_t>(tensor.nbytes());
  }
  for (const at::Tensor& tensor : module.buffers()) bytes += static_cast<int64_t>(tensor.nbytes());
  return bytes;
}

}  // namespace

std::vector<c10::IValue> TensorConstants(torch::jit::GraphFunction& function) {
  std::vector<c10::IValue> constants;
  CollectConstants(function.optimized_graph()->block(), constants);
  return constants;
}

Result<ModuleDescription> DescribeModule(const torch::jit::Module& module) {
  ModuleDescription description;
  description.facts.platform = "pytorch_torchscript";
  description.facts.parameter_bytes = ParameterBytes(module);
  const auto assigned = AssignedAttributes(*module._ivalue()->compilation_unit());
  for (torch::jit::Function* method : Callable(module)) {
    DescribeMethod(module, assigned, *method, description);
  }
  if (description.facts.methods.empty()) {
    return InvalidArgument("The model has no method to call: give it a forward method.");
  }
  return description;
}

}  // namespace flambeau
