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
void AddSequenceRules(GateRules& rules);     // recurrence, attention, embedding, einsum
void AddShapeRules(GateRules& rules);        // views: dimensions moved, merged, expanded
void AddPartRules(GateRules& rules);         // cutting, joining, picking; new tensors
void AddSizeRules(GateRules& rules);         // shapes as numbers, lists
void AddStructureRules(GateRules& rules);    // tuples, attributes, properties

// Tensors among the inputs of `node`, those inside lists included.
std::vector<Trace> TensorInputs(GateWalker& walker, const torch::jit::Node* node);
bool AnyBatched(const std::vector<Trace>& tensors);

// Every other tensor input must be the same whatever the batch ("weights").
void RequireFixed(GateWalker& walker, const torch::jit::Node* node, size_t first);

// The result of combining tensors element by element, as LibTorch broadcasts them; refuses if a
// row would meet another row.
Trace Broadcast(GateWalker& walker, const torch::jit::Node* node,
                const std::vector<Trace>& tensors);

// The elements of a list of sizes, a constant one too; unproven if they are not known.
std::vector<Trace> SizesOf(GateWalker& walker, const torch::jit::Node* node,
                           const torch::jit::Value* list);

// Rules for operators that take lists as well as tensors.
void CompareSizes(GateWalker& walker, const torch::jit::Node* node);
void ConcatenateLists(GateWalker& walker, const torch::jit::Node* node);
void RepeatList(GateWalker& walker, const torch::jit::Node* node);

// Unproven unless the batch is dimension 0.
void RequireBatchFirst(GateWalker& walker, const torch::jit::Node* node, const Trace& tensor);

Trace FixedTensor(Rank rank);
std::string BatchDimension(const Trace& tensor);  // "dimension 0, the batch"
// An argument that must be a constant number; unproven if it is not.
int64_t RequireInt(GateWalker& walker, const torch::jit::Node* node, const char* name);
// Which element of a list of sizes is the batch's; -1: none.
int BatchAmong(const std::vector<Trace>& sizes);
// The argument that holds sizes, whatever its name; null if there is none.
const torch::jit::Value* SizeList(const torch::jit::Node* node);

void PutAll(GateWalker& walker, const torch::jit::Node* node, const Trace& trace);

}  // namespace flambeau
