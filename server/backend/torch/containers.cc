#include "backend/torch/containers.h"

#include <utility>

namespace flambeau {
namespace {

using torch::jit::Node;
using torch::jit::Value;

// A list may be appended to where it is made; any other writing, or one that may not happen, makes
// its elements unknown.
bool IsPlain(const Node* list) {
  for (const torch::jit::Use& use : list->output()->uses()) {
    if (!WritesInput(use.user, use.offset)) continue;
    const bool appends = use.user->kind() == c10::aten::append && use.offset == 0;
    if (!appends || use.user->owningBlock() != list->owningBlock()) return false;
  }
  return true;
}

}  // namespace

const Flows& FlowsAt(const FlowMap& flows, const Value* value) {
  static const Flows none;
  const auto found = flows.find(value);
  return found == flows.end() ? none : found->second;
}

Flows Join(const Flows& a, const Flows& b) {
  Flows both;
  for (const ArgumentFlow& one : a) {
    for (const ArgumentFlow& other : b) {
      if (auto joined = Join(one, other)) both.push_back(*std::move(joined));
    }
  }
  return both;
}

const std::vector<Flows>* Containers::Find(const Value* value) const {
  const auto found = elements_.find(value);
  return found == elements_.end() ? nullptr : &found->second;
}

void Containers::Visit(const Node* node, GraphConstants& constants, FlowMap& flows) {
  const auto kind = node->kind();
  if (kind == c10::prim::TupleConstruct || (kind == c10::prim::ListConstruct && IsPlain(node))) {
    std::vector<Flows>& elements = elements_[node->output()];
    elements.clear();
    for (const Value* input : node->inputs()) elements.push_back(FlowsAt(flows, input));
  } else if (kind == c10::aten::append) {
    Append(node, flows);
  } else if (kind == c10::prim::TupleUnpack || kind == c10::prim::ListUnpack) {
    const std::vector<Flows>* elements = Find(node->input(0));
    if (elements == nullptr || elements->size() != node->outputs().size()) return;
    for (size_t i = 0; i < elements->size(); ++i) flows[node->outputs()[i]] = (*elements)[i];
  } else if (kind == c10::prim::TupleIndex || kind == c10::aten::__getitem__) {
    TakeElement(node, constants, flows);
  } else if (kind == c10::prim::unchecked_cast || kind == c10::prim::unchecked_unwrap_optional) {
    Leave(node->output(), node->input(0), node->input(0));
  }
}

void Containers::Append(const Node* node, const FlowMap& flows) {
  const auto list = elements_.find(node->input(0));
  if (list != elements_.end()) list->second.push_back(FlowsAt(flows, node->input(1)));
}

void Containers::TakeElement(const Node* node, GraphConstants& constants, FlowMap& flows) {
  const std::vector<Flows>* elements = Find(node->input(0));
  auto index = constants.Int(node->input(1));
  if (elements == nullptr || !index) return;
  if (*index < 0) *index += static_cast<int64_t>(elements->size());
  if (*index < 0 || *index >= static_cast<int64_t>(elements->size())) return;
  flows[node->output()] = (*elements)[static_cast<size_t>(*index)];
}

void Containers::Leave(const Value* output, const Value* a, const Value* b) {
  const std::vector<Flows>* first = Find(a);
  const std::vector<Flows>* second = Find(b);
  if (first == nullptr || second == nullptr || first->size() != second->size()) return;
  std::vector<Flows> both;
  for (size_t i = 0; i < first->size(); ++i) both.push_back(Join((*first)[i], (*second)[i]));
  elements_[output] = std::move(both);
}

}  // namespace flambeau
