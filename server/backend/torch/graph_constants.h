// Values of a graph that are the same in every run: constants, attributes that nobody writes, and
// plain arithmetic on those.
#pragma once

#include <ATen/core/ivalue.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/ir.h>

#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace flambeau {

// The attributes that some function of a module's code assigns: "<class>.<attribute>".
std::unordered_set<std::string> AssignedAttributes(const torch::jit::CompilationUnit& unit);
std::string AttributeKey(const c10::ClassType& type, const std::string& attribute);

// The argument called `name` of the operator at `node`; null if it has none.
const torch::jit::Value* OperatorInput(const torch::jit::Node* node, const char* name);

// Threads: one. Lifetime: outlived by the graph and the module. Errors: none; what cannot be known
// is nothing.
class GraphConstants {
 public:
  // The first input of a method's graph is `self`.
  GraphConstants(const torch::jit::Graph& graph, const torch::jit::Module& self,
                 const std::unordered_set<std::string>& assigned);

  // Null if it may differ from run to run.
  const c10::IValue* Find(const torch::jit::Value* value);
  // `output` is `a` or `b`, which may be one: it is constant if both are, and are the same.
  void SetEither(const torch::jit::Value* output, const torch::jit::Value* a,
                 const torch::jit::Value* b);
  // What an analysis has found out on its own, such as the rank of a tensor.
  void Set(const torch::jit::Value* value, c10::IValue constant);

  std::optional<bool> Bool(const torch::jit::Value* value);
  std::optional<int64_t> Int(const torch::jit::Value* value);
  std::optional<std::vector<int64_t>> Ints(const torch::jit::Value* value);
  std::optional<at::Tensor> Tensor(const torch::jit::Value* value);
  bool IsNone(const torch::jit::Value* value);

  // The block of `branch` that always runs; null if the condition is not constant.
  const torch::jit::Block* TakenBlock(const torch::jit::Node* branch);

 private:
  std::optional<c10::IValue> Evaluate(const torch::jit::Value* value);
  std::optional<c10::IValue> Attribute(const torch::jit::Node* node);
  std::optional<c10::IValue> List(const torch::jit::Node* node);
  std::optional<c10::IValue> Branch(const torch::jit::Value* value);
  const torch::jit::Value* Source(const torch::jit::Value* value);
  std::optional<c10::IValue> Identity(const torch::jit::Node* node);
  std::optional<c10::IValue> Run(const torch::jit::Value* value);

  const std::unordered_set<std::string>& assigned_;
  std::unordered_map<const torch::jit::Value*, std::optional<c10::IValue>> found_;
};

// Does the operator at `node` write its input number `input` in place?
bool WritesInput(const torch::jit::Node* node, size_t input);

// Is it an argument of the method, not of a block inside?
bool IsMethodArgument(const torch::jit::Value* value);

// True if running `block` always ends in an exception.
bool AlwaysRaises(const torch::jit::Block* block);

}  // namespace flambeau
