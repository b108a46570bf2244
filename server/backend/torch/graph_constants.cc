#include "backend/torch/graph_constants.h"

#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/runtime/operator.h>

#include <array>
#include <exception>
#include <string_view>
#include <utility>

namespace flambeau {
namespace {

using c10::IValue;
using torch::jit::Block;
using torch::jit::Node;
using torch::jit::Value;

// Cheap, without side effects, and of scalars, lists and views only.
const std::unordered_set<std::string_view>& Foldable() {
  static const std::unordered_set<std::string_view> names = {"aten::__not__",
                                                             "aten::__and__",
                                                             "aten::__or__",
                                                             "aten::__contains__",
                                                             "aten::__is__",
                                                             "aten::__isnot__",
                                                             "aten::__getitem__",
                                                             "aten::eq",
                                                             "aten::ne",
                                                             "aten::lt",
                                                             "aten::le",
                                                             "aten::gt",
                                                             "aten::ge",
                                                             "aten::add",
                                                             "aten::sub",
                                                             "aten::mul",
                                                             "aten::div",
                                                             "aten::floordiv",
                                                             "aten::remainder",
                                                             "aten::neg",
                                                             "aten::Int",
                                                             "aten::Float",
                                                             "aten::Bool",
                                                             "aten::len",
                                                             "aten::list",
                                                             "aten::size",
                                                             "aten::dim",
                                                             "aten::numel",
                                                             "aten::t",
                                                             "aten::transpose",
                                                             "aten::permute",
                                                             "aten::detach",
                                                             "aten::view",
                                                             "aten::unsqueeze",
                                                             "aten::slice",
                                                             "aten::select",
                                                             "aten::flatten",
                                                             "aten::squeeze",
                                                             "prim::min",
                                                             "prim::max",
                                                             "prim::dtype",
                                                             "prim::device",
                                                             "aten::ceil",
                                                             "aten::floor",
                                                             "prim::abs",
                                                             "aten::sqrt",
                                                             "aten::is_floating_point"};
  return names;
}

// Tensors are only looked at or viewed: arithmetic on weights is the model's work.
bool FoldsTensors(std::string_view name) {
  static const std::unordered_set<std::string_view> names = {"aten::size",
                                                             "aten::dim",
                                                             "aten::numel",
                                                             "aten::t",
                                                             "aten::len",
                                                             "aten::detach",
                                                             "aten::transpose",
                                                             "aten::permute",
                                                             "aten::view",
                                                             "aten::slice",
                                                             "aten::unsqueeze",
                                                             "aten::select",
                                                             "aten::flatten",
                                                             "aten::squeeze",
                                                             "prim::dtype",
                                                             "prim::device",
                                                             "aten::__is__",
                                                             "aten::__isnot__",
                                                             "aten::is_floating_point"};
  return names.count(name) != 0;
}

// A list that is an attribute and written in place (append).
void CollectWritten(const Node* node, std::unordered_set<std::string>& assigned) {
  for (size_t i = 0; i < node->inputs().size(); ++i) {
    const Node* source = node->input(i)->node();
    if (source->kind() != c10::prim::GetAttr || !WritesInput(node, i)) continue;
    const auto type = source->input(0)->type()->cast<c10::ClassType>();
    if (type && node->input(i)->type()->kind() != c10::TypeKind::TensorType) {
      assigned.insert(AttributeKey(*type, source->s(c10::attr::name)));
    }
  }
}

void CollectAssigned(const Block* block, std::unordered_set<std::string>& assigned) {
  for (const Node* node : block->nodes()) {
    CollectWritten(node, assigned);
    if (node->kind() == c10::prim::SetAttr) {
      if (const auto type = node->input(0)->type()->cast<c10::ClassType>()) {
        assigned.insert(AttributeKey(*type, node->s(c10::attr::name)));
      }
    }
    for (const Block* inner : node->blocks()) CollectAssigned(inner, assigned);
    if (node->hasAttribute(c10::attr::Subgraph)) {
      CollectAssigned(node->g(c10::attr::Subgraph)->block(), assigned);
    }
  }
}

// Is it an object of its own, which no other value is? A request's tensors are, and what these
// operators make; others may return their input.
bool IsNew(const Value* value) {
  static const std::unordered_set<std::string_view> names = {
      "aten::add",       "aten::mul",    "aten::layer_norm", "aten::linear",
      "aten::embedding", "aten::matmul", "aten::transpose",  "aten::permute"};
  const Node* node = value->node();
  return value->type()->kind() == c10::TypeKind::TensorType &&
         (IsMethodArgument(value) || names.count(node->kind().toQualString()) != 0);
}

bool IsWritten(const Value* value) {
  for (const torch::jit::Use& use : value->uses()) {
    if (WritesInput(use.user, use.offset)) return true;
  }
  return false;
}

}  // namespace

bool WritesInput(const Node* node, size_t input) {
  const auto* schema = node->maybeSchema();
  if (schema == nullptr || input >= schema->arguments().size()) return false;
  const auto* alias = schema->arguments()[input].alias_info();
  return alias != nullptr && alias->isWrite();
}

bool IsMethodArgument(const Value* value) {
  return value->node() == value->owningGraph()->param_node();
}

std::string AttributeKey(const c10::ClassType& type, const std::string& attribute) {
  return (type.name() ? type.name()->qualifiedName() : std::string()) + "." + attribute;
}

std::unordered_set<std::string> AssignedAttributes(const torch::jit::CompilationUnit& unit) {
  std::unordered_set<std::string> assigned;
  for (torch::jit::Function* function : unit.get_functions()) {
    if (function == nullptr || !function->isGraphFunction()) continue;
    if (function->name() == "__setstate__") continue;  // ran once, at load
    CollectAssigned(static_cast<torch::jit::GraphFunction*>(function)->graph()->block(), assigned);
  }
  return assigned;
}

const Value* OperatorInput(const Node* node, const char* name) {
  const auto* schema = node->maybeSchema();
  if (schema == nullptr) return nullptr;
  const auto index = schema->argumentIndexWithName(name);
  if (!index || static_cast<size_t>(*index) >= node->inputs().size()) return nullptr;
  return node->input(static_cast<size_t>(*index));
}

bool AlwaysRaises(const Block* block) {
  for (const Node* node : block->nodes()) {
    if (node->kind() == c10::prim::RaiseException) return true;
    if (node->kind() == c10::prim::If && AlwaysRaises(node->blocks()[0]) &&
        AlwaysRaises(node->blocks()[1])) {
      return true;
    }
  }
  return false;
}

GraphConstants::GraphConstants(const torch::jit::Graph& graph, const torch::jit::Module& self,
                               const std::unordered_set<std::string>& assigned)
    : assigned_(assigned) {
  if (!graph.inputs().empty()) found_[graph.inputs()[0]] = IValue(self._ivalue());
}

void GraphConstants::Set(const Value* value, IValue constant) {
  found_[value] = std::move(constant);
}

void GraphConstants::SetEither(const Value* output, const Value* a, const Value* b) {
  const IValue* first = Find(a);
  const IValue* second = Find(b);
  if (first == nullptr || second == nullptr) return;
  const bool same = a == b || (first->isNone() && second->isNone()) ||
                    (first->isBool() && second->isBool() && first->toBool() == second->toBool());
  if (same) Set(output, IValue(*first));
}

const IValue* GraphConstants::Find(const Value* value) {
  if (value == nullptr) return nullptr;
  auto known = found_.find(value);
  if (known == found_.end()) {
    std::optional<IValue> constant = Evaluate(value);
    known = found_.insert_or_assign(value, std::move(constant)).first;
  }
  return known->second ? &*known->second : nullptr;
}

std::optional<IValue> GraphConstants::Evaluate(const Value* value) {
  const Node* node = value->node();
  const auto kind = node->kind();
  if (kind == c10::prim::Constant) return torch::jit::toIValue(value);
  if (kind == c10::prim::GetAttr) return Attribute(node);
  if (kind == c10::prim::ListConstruct) return List(node);
  if (kind == c10::prim::If) return Branch(value);
  if (kind == c10::prim::unchecked_cast || kind == c10::prim::unchecked_unwrap_optional) {
    const IValue* inner = Find(node->input(0));
    return inner != nullptr ? std::optional<IValue>(*inner) : std::nullopt;
  }
  const std::string name = kind.toQualString();
  if (name == "aten::__is__" || name == "aten::__isnot__") {
    if (auto same = Identity(node)) return same;
  }
  // No request holds a nested tensor, and what makes one is not known to the analyses.
  if (name == "prim::is_nested") return IValue(false);
  return Foldable().count(name) != 0 ? Run(value) : std::nullopt;
}

std::optional<IValue> GraphConstants::Attribute(const Node* node) {
  const IValue* owner = Find(node->input(0));
  if (owner == nullptr || !owner->isObject()) return std::nullopt;
  const auto object = owner->toObject();
  const std::string& name = node->s(c10::attr::name);
  if (assigned_.count(AttributeKey(*object->type(), name)) != 0) return std::nullopt;
  if (!object->type()->findAttributeSlot(name)) return std::nullopt;
  return object->getAttr(name);
}

std::optional<IValue> GraphConstants::List(const Node* node) {
  const auto type = node->output()->type()->cast<c10::ListType>();
  if (!type || IsWritten(node->output())) return std::nullopt;
  c10::impl::GenericList list(type->getElementType());
  for (const Value* element : node->inputs()) {
    const IValue* constant = Find(element);
    if (constant == nullptr) return std::nullopt;
    list.push_back(*constant);
  }
  return IValue(list);
}

std::optional<IValue> GraphConstants::Branch(const Value* value) {
  const Block* taken = TakenBlock(value->node());
  if (taken == nullptr) return std::nullopt;
  const IValue* constant = Find(taken->outputs()[value->offset()]);
  return constant != nullptr ? std::optional<IValue>(*constant) : std::nullopt;
}

// Where a value comes from, through branches that are always taken.
const Value* GraphConstants::Source(const Value* value) {
  while (value->node()->kind() == c10::prim::If) {
    const Block* taken = TakenBlock(value->node());
    if (taken == nullptr) break;
    value = taken->outputs()[value->offset()];
  }
  return value;
}

// "x is x" is known, and "x is None" as soon as one side is None and the other's type excludes it.
std::optional<IValue> GraphConstants::Identity(const Node* node) {
  const bool negated = std::string_view(node->kind().toUnqualString()) == "__isnot__";
  const Value* first = Source(node->input(0));
  const Value* second = Source(node->input(1));
  if (first == second) return IValue(!negated);
  if (IsNew(first) && IsNew(second)) return IValue(negated);
  for (size_t side : {0, 1}) {
    const Value* other = node->input(1 - side);
    if (!IsNone(node->input(side))) continue;
    const auto kind = other->type()->kind();
    if (kind == c10::TypeKind::NoneType) return IValue(!negated);
    if (kind != c10::TypeKind::OptionalType && kind != c10::TypeKind::UnionType &&
        kind != c10::TypeKind::AnyType) {
      return IValue(negated);
    }
  }
  return std::nullopt;
}

std::optional<IValue> GraphConstants::Run(const Value* value) {
  const Node* node = value->node();
  if (node->outputs().size() != 1) return std::nullopt;
  torch::jit::Stack stack;
  for (const Value* input : node->inputs()) {
    const IValue* constant = Find(input);
    if (constant == nullptr) return std::nullopt;
    if (constant->isTensor() && !FoldsTensors(node->kind().toQualString())) return std::nullopt;
    stack.push_back(*constant);
  }
  try {
    node->getOperation()(stack);
  } catch (const std::exception&) {
    return std::nullopt;
  }
  if (stack.size() != 1) return std::nullopt;
  return std::move(stack.front());
}

std::optional<bool> GraphConstants::Bool(const Value* value) {
  const IValue* constant = Find(value);
  if (constant == nullptr || !constant->isBool()) return std::nullopt;
  return constant->toBool();
}

std::optional<int64_t> GraphConstants::Int(const Value* value) {
  const IValue* constant = Find(value);
  if (constant == nullptr || !constant->isInt()) return std::nullopt;
  return constant->toInt();
}

std::optional<std::vector<int64_t>> GraphConstants::Ints(const Value* value) {
  const IValue* constant = Find(value);
  if (constant == nullptr) return std::nullopt;
  if (constant->isInt()) return std::vector<int64_t>{constant->toInt()};
  if (!constant->isList()) return std::nullopt;
  std::vector<int64_t> ints;
  for (const IValue& element : constant->toListRef()) {
    if (!element.isInt()) return std::nullopt;
    ints.push_back(element.toInt());
  }
  return ints;
}

std::optional<at::Tensor> GraphConstants::Tensor(const Value* value) {
  const IValue* constant = Find(value);
  if (constant == nullptr || !constant->isTensor() || !constant->toTensor().defined()) {
    return std::nullopt;
  }
  return constant->toTensor();
}

bool GraphConstants::IsNone(const Value* value) {
  const IValue* constant = Find(value);
  return constant != nullptr && constant->isNone();
}

const Block* GraphConstants::TakenBlock(const Node* branch) {
  const std::optional<bool> condition = Bool(branch->input(0));
  if (!condition) return nullptr;
  return branch->blocks()[*condition ? 0 : 1];
}

}  // namespace flambeau
