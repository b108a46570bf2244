#include <utility>

#include "backend/torch/gate_rules.h"

namespace flambeau {
namespace {

using torch::jit::Node;
using torch::jit::Value;

// An attribute that is no constant: some method assigns it, or it belongs to an object made here.
void GetAttribute(GateWalker& walker, const Node* node) {
  if (!node->inputs().empty() && TouchesBatch(walker.At(node->input(0)))) {
    walker.Unproven(node, "reads an object that holds a part of the batch");
  }
  Trace trace;
  trace.is_tensor = node->output()->type()->kind() == c10::TypeKind::TensorType;
  walker.Put(node->output(), std::move(trace));
}

void SetAttribute(GateWalker& walker, const Node* node) {
  walker.Refuse(node, "writes the attribute '" + node->s(c10::attr::name) + "'");
}

void Construct(GateWalker& walker, const Node* node) {
  std::vector<Trace> elements;
  for (const Value* input : node->inputs()) elements.push_back(walker.At(input));
  walker.Put(node->output(), ListTrace(std::move(elements)));
}

void ConstructDict(GateWalker& walker, const Node* node) {
  std::vector<Trace> elements;
  for (size_t i = 1; i < node->inputs().size(); i += 2) {
    elements.push_back(walker.At(node->input(i)));
  }
  walker.Put(node->output(), ListTrace(std::move(elements)));
}

void UnpackShape(GateWalker& walker, const Node* node, const Trace& tensor) {
  for (size_t i = 0; i < node->outputs().size(); ++i) {
    const bool batch = tensor.batched() && static_cast<int>(i) == tensor.batch;
    walker.Put(node->outputs()[i], NumberTrace(batch ? Depends::kBatchSize : Depends::kShape));
  }
}

void Unpack(GateWalker& walker, const Node* node) {
  const Trace tuple = walker.At(node->input(0));
  if (tuple.shape_of) return UnpackShape(walker, node, *tuple.shape_of);
  for (size_t i = 0; i < node->outputs().size(); ++i) {
    if (tuple.elements && i < tuple.elements->size()) {
      walker.Put(node->outputs()[i], (*tuple.elements)[i]);
    } else if (tuple.element) {
      walker.Put(node->outputs()[i], *tuple.element);
    } else {
      walker.Unproven(node, "takes apart a value of unknown contents");
    }
  }
}

void TupleIndex(GateWalker& walker, const Node* node) {
  const Trace tuple = walker.At(node->input(0));
  const auto index = walker.constants().Int(node->input(1));
  if (!tuple.elements || !index) walker.Unproven(node, "takes apart a value of unknown contents");
  const auto size = static_cast<int64_t>(tuple.elements->size());
  const int64_t at = *index < 0 ? *index + size : *index;
  if (at < 0 || at >= size) walker.Unproven(node, "has an index out of range");
  walker.Put(node->output(), (*tuple.elements)[static_cast<size_t>(at)]);
}

void Same(GateWalker& walker, const Node* node) {
  walker.Put(node->output(), walker.At(node->input(0)));
}

void Unset(GateWalker& walker, const Node* node) {
  Trace trace;
  trace.nothing = true;
  walker.Put(node->output(), std::move(trace));
}

// A property that all batches of a bucket share; text for people.
void Property(GateWalker& walker, const Node* node) {
  for (const Value* output : node->outputs()) walker.Put(output, NumberTrace(Depends::kFixed));
}

}  // namespace

void AddStructureRules(GateRules& rules) {
  for (const char* name : {"prim::GetAttr", "prim::CreateObject"}) rules[name] = GetAttribute;
  for (const char* name : {"prim::TupleConstruct", "prim::ListConstruct"}) rules[name] = Construct;
  for (const char* name : {"prim::TupleUnpack", "prim::ListUnpack"}) rules[name] = Unpack;
  for (const char* name :
       {"prim::unchecked_cast", "prim::unchecked_unwrap_optional", "prim::annotate"}) {
    rules[name] = Same;
  }
  for (const char* name : {"prim::Print",
                           "aten::warn",
                           "prim::dtype",
                           "prim::device",
                           "prim::layout",
                           "prim::is_cuda",
                           "prim::is_cpu",
                           "prim::requires_grad",
                           "prim::is_nested",
                           "prim::is_quantized",
                           "prim::isinstance",
                           "prim::type",
                           "aten::is_floating_point",
                           "aten::is_complex",
                           "aten::requires_grad",
                           "aten::get_device",
                           "aten::format",
                           "aten::is_contiguous",
                           "aten::__is__",
                           "aten::__isnot__",
                           "prim::is_mkldnn",
                           "aten::is_grad_enabled",
                           "aten::is_autocast_enabled",
                           "aten::is_autocast_cpu_enabled"}) {
    rules[name] = Property;
  }
  rules["prim::SetAttr"] = SetAttribute;
  rules["prim::DictConstruct"] = ConstructDict;
  rules["prim::TupleIndex"] = TupleIndex;
  rules["prim::Uninitialized"] = Unset;
}

}  // namespace flambeau
