#include "backend/torch/operators.h"

#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/ir.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace flambeau {
namespace {

using torch::jit::Block;
using torch::jit::Graph;
using torch::jit::Node;

constexpr std::array<std::string_view, 6> kNamespaces = {
    "aten::", "prim::", "quantized::", "_quantized::", "prepacked::", "mkldnn_prepacked::"};

// Of namespace aten, those that reach outside the process or change it for other models.
const std::unordered_set<std::string_view>& RefusedAten() {
  static const std::unordered_set<std::string_view> names = {
      "aten::from_file",
      "aten::save",
      "aten::set_data",
      "aten::record_stream",
      "aten::backward",
      "aten::_cufft_set_plan_cache_max_size",
      "aten::_cufft_clear_plan_cache",
      "aten::to_here",
      "aten::owner",
      "aten::owner_name",
      "aten::confirmed_by_owner",
      "aten::local_value",
      "aten::is_owner",
      "aten::_fw_primal",
  };
  return names;
}

// What the compiler makes of TorchScript source; the rest of prim is Python, RPC and the insides of
// optimisers, which no saved file holds.
const std::unordered_set<std::string_view>& AllowedPrim() {
  static const std::unordered_set<std::string_view> names = {
      "prim::Constant",
      "prim::GetAttr",
      "prim::SetAttr",
      "prim::HasAttr",
      "prim::If",
      "prim::Loop",
      "prim::CallFunction",
      "prim::CallMethod",
      "prim::CreateObject",
      "prim::ListConstruct",
      "prim::ListUnpack",
      "prim::TupleConstruct",
      "prim::TupleUnpack",
      "prim::TupleIndex",
      "prim::TupleSlice",
      "prim::DictConstruct",
      "prim::NumToTensor",
      "prim::RaiseException",
      "prim::Print",
      "prim::Uninitialized",
      "prim::unchecked_cast",
      "prim::unchecked_unwrap_optional",
      "prim::isinstance",
      "prim::annotate",
      "prim::Enter",
      "prim::Exit",
      "prim::EnumName",
      "prim::EnumValue",
      "prim::StringIndex",
      "prim::ModuleContainerIndex",
      "prim::Closure",
      "prim::fork",
      "prim::awaitable",
      "prim::awaitable_wait",
      "prim::awaitable_nowait",
      "prim::ConstantChunk",
      "prim::AutogradZero",
      "prim::IfThenElse",
      "prim::Store",
      "prim::Load",
      "prim::Drop",
      "prim::Return",
      "prim::Param",
      "prim::abs",
      "prim::data",
      "prim::device",
      "prim::dtype",
      "prim::grad",
      "prim::id",
      "prim::index",
      "prim::is_cpu",
      "prim::is_cuda",
      "prim::is_ipu",
      "prim::is_maia",
      "prim::is_meta",
      "prim::is_mkldnn",
      "prim::is_mps",
      "prim::is_mtia",
      "prim::is_nested",
      "prim::is_quantized",
      "prim::is_sparse",
      "prim::is_sparse_csr",
      "prim::is_vulkan",
      "prim::is_xla",
      "prim::is_xpu",
      "prim::itemsize",
      "prim::layout",
      "prim::max",
      "prim::min",
      "prim::name",
      "prim::nbytes",
      "prim::rangelist",
      "prim::requires_grad",
      "prim::tolist",
      "prim::type",
  };
  return names;
}

bool IsAllowed(std::string_view name) {
  if (name.starts_with("prim::")) return AllowedPrim().count(name) != 0;
  if (name.starts_with("profiler::_record_function"))
    return true;  // torch.profiler.record_function
  if (RefusedAten().count(name) != 0) return false;
  for (std::string_view prefix : kNamespaces) {
    if (name.starts_with(prefix)) return true;
  }
  return false;
}

Status CheckCustomClass(const torch::jit::Value* value) {
  const auto type = value->type()->cast<c10::ClassType>();
  if (!type || !type->name() || IsAllowedCustomClass(type->name()->qualifiedName())) {
    return OkStatus();
  }
  return InvalidArgument("The model uses the C++ class '" + type->name()->qualifiedName() +
                         "', which is refused: only packed weights of quantized layers are taken.");
}

// A function's name as its author knows it: "__torch__.___torch_mangle_3.Inner.forward" is
// "Inner.forward".
std::string PlainName(const c10::QualifiedName& name) {
  std::string plain;
  for (const std::string& atom : name.atoms()) {
    if (atom == "__torch__" || atom.starts_with("___torch_mangle_")) continue;
    plain += (plain.empty() ? "" : ".") + atom;
  }
  return plain;
}

// ", line 12": the author's line if the file still knows it.
std::string LineOf(const Node* node) {
  const torch::jit::SourceRange range = node->sourceRange();
  const auto original = range.findSourceRangeThatGenerated();
  const auto place = (original ? *original : range).file_line_col();
  return place ? ", line " + std::to_string(std::get<1>(*place)) : "";
}

bool IsAmong(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

Status CheckNode(const Node* node, const std::vector<std::string>& allowed,
                 const c10::QualifiedName& function) {
  const std::string name = node->kind().toQualString();
  if (!IsAllowed(name) && !IsAmong(allowed, name)) {
    return InvalidArgument("The model uses the operator '" + name + "' (in '" +
                           PlainName(function) + "'" + LineOf(node) +
                           "), which is refused: a model may not reach files, the network or "
                           "operators of other libraries; --allow-operator " +
                           name + " lets it pass.");
  }
  for (const torch::jit::Value* value : node->inputs()) {
    FLAMBEAU_RETURN_IF_ERROR(CheckCustomClass(value));
  }
  for (const torch::jit::Value* value : node->outputs()) {
    FLAMBEAU_RETURN_IF_ERROR(CheckCustomClass(value));
  }
  return OkStatus();
}

// Visits every node, those of blocks and subgraphs included, until `visit` returns false.
// Iterative: a hostile file may nest as deep as its parser lets it.
template <typename Visit>
void VisitNodes(const Graph& graph, const Visit& visit) {
  std::vector<const Block*> waiting = {graph.block()};
  while (!waiting.empty()) {
    const Block* block = waiting.back();
    waiting.pop_back();
    for (const Node* node : block->nodes()) {
      if (!visit(node)) return;
      for (const Block* inner : node->blocks()) waiting.push_back(inner);
      if (node->hasAttribute(c10::attr::Subgraph)) {
        waiting.push_back(node->g(c10::attr::Subgraph)->block());
      }
    }
  }
}

Status CheckGraph(const Graph& graph, const std::vector<std::string>& allowed,
                  const c10::QualifiedName& function) {
  Status status;
  VisitNodes(graph, [&](const Node* node) {
    status = CheckNode(node, allowed, function);
    return status.ok();
  });
  return status;
}

constexpr size_t kMaxInlinedNodes = size_t{4} << 20;
// Passes over a graph recurse into calls.
constexpr size_t kMaxCallDepth = 200;

torch::jit::Function* Callee(const Node* node) {
  if (node->kind() == c10::prim::CallFunction) {
    const auto type = node->input(0)->type()->cast<c10::FunctionType>();
    return type ? type->function() : nullptr;
  }
  if (node->kind() != c10::prim::CallMethod) return nullptr;
  const auto type = node->input(0)->type()->cast<c10::ClassType>();
  return type ? type->findMethod(node->s(c10::attr::name)) : nullptr;
}

// How many nodes a function has, and how deep its calls go, once all is inlined. TorchScript has no
// recursion, so calls form no cycle, but they may be as deep as there are functions: no recursion
// here either.
class CallSizes {
 public:
  struct Size {
    size_t nodes = 0;
    size_t depth = 0;
    bool fits() const { return nodes <= kMaxInlinedNodes && depth <= kMaxCallDepth; }
  };

  Size Of(torch::jit::Function* function) {
    std::vector<torch::jit::Function*> waiting = {function};
    while (!waiting.empty()) {
      torch::jit::Function* next = waiting.back();
      if (sizes_.count(next) != 0) {
        waiting.pop_back();
        continue;
      }
      const std::vector<torch::jit::Function*> unknown = Add(next);
      // A file that does have a cycle would wait for itself.
      if (waiting.size() + unknown.size() > kMaxInlinedNodes) return {kMaxInlinedNodes + 1, 0};
      waiting.insert(waiting.end(), unknown.begin(), unknown.end());
    }
    return sizes_[function];
  }

 private:
  // Records the size, or returns the callees that must be known first.
  std::vector<torch::jit::Function*> Add(torch::jit::Function* function) {
    std::vector<torch::jit::Function*> unknown;
    Size size;
    if (function->isGraphFunction()) {
      VisitNodes(*static_cast<torch::jit::GraphFunction*>(function)->graph(),
                 [&](const Node* node) {
                   torch::jit::Function* callee = Callee(node);
                   const auto known = sizes_.find(callee);
                   if (callee != nullptr && known == sizes_.end()) unknown.push_back(callee);
                   const Size called = known == sizes_.end() ? Size() : known->second;
                   size.nodes = std::min(size.nodes + 1 + called.nodes, kMaxInlinedNodes + 1);
                   size.depth = std::max(size.depth, called.depth + (callee == nullptr ? 0 : 1));
                   return true;
                 });
    }
    if (unknown.empty()) sizes_[function] = size;
    return unknown;
  }

  std::unordered_map<torch::jit::Function*, Size> sizes_ = {{nullptr, {}}};
};

}  // namespace

Status CheckOperators(const torch::jit::CompilationUnit& unit,
                      const std::vector<std::string>& allowed) {
  for (torch::jit::Function* function : unit.get_functions()) {
    if (function == nullptr || !function->isGraphFunction()) continue;
    function->ensure_defined();
    FLAMBEAU_RETURN_IF_ERROR(CheckGraph(*static_cast<torch::jit::GraphFunction*>(function)->graph(),
                                        allowed, function->qualname()));
  }
  return OkStatus();
}

Status CheckInlinedSize(const torch::jit::CompilationUnit& unit) {
  CallSizes sizes;
  for (torch::jit::Function* function : unit.get_functions()) {
    if (function == nullptr || sizes.Of(function).fits()) continue;
    return InvalidArgument(
        "The model's functions call each other more than 200 deep, or would grow to more than "
        "4 million operators once inlined: simplify the model.");
  }
  return OkStatus();
}

bool IsAllowedCustomClass(const std::string& qualified_name) {
  static constexpr std::string_view kCustom = "__torch__.torch.classes.";
  if (!qualified_name.starts_with(kCustom)) return true;
  const std::string_view name = std::string_view(qualified_name).substr(kCustom.size());
  return name.starts_with("quantized.") || name.starts_with("rnn.CellParamsBase") ||
         name.starts_with("xnnpack.") || name.starts_with("mkldnn.") ||
         name.starts_with("sparse.LinearPackedParamsBase");
}

}  // namespace flambeau
