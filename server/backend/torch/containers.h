// Tuples and lists whose elements are known one by one while a signature's graph is walked.
#pragma once

#include <torch/csrc/jit/ir/ir.h>

#include <unordered_map>
#include <vector>

#include "backend/torch/argument_flow.h"
#include "backend/torch/graph_constants.h"

namespace flambeau {

// One value may follow from several arguments; of each it has one flow.
using Flows = std::vector<ArgumentFlow>;
using FlowMap = std::unordered_map<const torch::jit::Value*, Flows>;

const Flows& FlowsAt(const FlowMap& flows, const torch::jit::Value* value);
// What a value may be that is either.
Flows Join(const Flows& a, const Flows& b);

// Threads: one. Errors: none; a container that is not known has no elements here.
class Containers {
 public:
  // Null if the elements are not known.
  const std::vector<Flows>* Find(const torch::jit::Value* value) const;
  // Follows what makes a container, grows it or takes it apart.
  void Visit(const torch::jit::Node* node, GraphConstants& constants, FlowMap& flows);
  // `output` is `a` or `b`.
  void Leave(const torch::jit::Value* output, const torch::jit::Value* a,
             const torch::jit::Value* b);

 private:
  void Append(const torch::jit::Node* node, const FlowMap& flows);
  void TakeElement(const torch::jit::Node* node, GraphConstants& constants, FlowMap& flows);

  std::unordered_map<const torch::jit::Value*, std::vector<Flows>> elements_;
};

}  // namespace flambeau
