// The static gate's knowledge of operators, one group of rules to a file.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "backend/torch/gate_walker.h"

namespace flambeau {

using GateRules = std::unordered_map<std::string_view, GateRule>;

void AddElementwiseRules(GateRules& rules);  // one element of the result from one of each input
void AddDimensionRules(GateRules& rules);    // reductions, softmax, sorting: along a dimension
void AddLayerRules(GateRules& rules);        // linear, convolution, norms, pooling, recurrence
void AddShapeRules(GateRules& rules);        // views, joining and splitting, sizes, new tensors

// Tensors among the inputs of `node`, those inside lists included.
std::vector<Trace> TensorInputs(GateWalker& walker, const torch::jit::Node* node);
bool AnyBatched(const std::vector<Trace>& tensors);

// Every other tensor input must be the same whatever the batch ("weights").
void RequireFixed(GateWalker& walker, const torch::jit::Node* node, size_t first);

// The result of combining tensors element by element, as LibTorch broadcasts them; refuses if a
// row would meet another row.
Trace Broadcast(GateWalker& walker, const torch::jit::Node* node,
                const std::vector<Trace>& tensors);

void PutAll(GateWalker& walker, const torch::jit::Node* node, const Trace& trace);

}  // namespace flambeau
