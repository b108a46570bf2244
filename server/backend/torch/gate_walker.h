// One walk of the static gate over a graph, and what its rules need.
#pragma once

#include <torch/csrc/jit/ir/ir.h>

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "backend/facts.h"
#include "backend/torch/batch_trace.h"
#include "backend/torch/graph_constants.h"

namespace flambeau {

// Thrown by rules to end a walk; caught by GateWalker::Walk.
struct GateStop {
  Verdict verdict;
  std::string reason;
  int rank_of = -1;  // the walk must be repeated with this argument's rank known
  bool raises = false;
};

// Ranks that a walk takes for granted, by argument.
using Ranks = std::map<int, int>;

struct GateOutcome {
  Verdict verdict = Verdict::kProven;
  std::string reason;
  int rank_of = -1;     // undecided: depends on this argument's rank
  bool raises = false;  // with these ranks the model always raises an exception
  Ranks min_ranks;      // what the proof relies on
};

// Threads: one. Lifetime: what it was given outlives it. Errors: in GateOutcome; rules end a walk
// by GateStop, which Walk catches.
class GateWalker {
 public:
  GateWalker(const torch::jit::Graph& graph, const torch::jit::Module& module,
             const std::unordered_set<std::string>& assigned, const Ranks& ranks);

  GateOutcome Walk();

  // ---- For the rules ----
  const Trace& At(const torch::jit::Value* value) const;
  void Put(const torch::jit::Value* value, Trace trace);
  GraphConstants& constants() { return constants_; }
  bool in_loop() const { return loops_ > 0; }

  [[noreturn]] void Refuse(const torch::jit::Node* node, const std::string& what) const;
  [[noreturn]] void Unproven(const torch::jit::Node* node, const std::string& what) const;
  // The operator fails, whatever the values.
  [[noreturn]] void Raises(const torch::jit::Node* node) const;
  // As Unproven, but the walk is tried again for each rank of the argument that it may follow from.
  [[noreturn]] void NeedsRank(const torch::jit::Node* node, const Rank& rank,
                              const std::string& what) const;

  // The proof holds if the tensor has at least `rank` dimensions; refuses if it cannot.
  void AssumeRank(const torch::jit::Node* node, const Trace& tensor, int rank);
  enum class Place { kBefore, kBatch, kAfter };
  // Where `dim` (negative: from the end) lies against the batch dimension; `grows`: how many
  // dimensions more than `tensor` the numbering counts.
  Place PlaceOf(const torch::jit::Node* node, const Trace& tensor, int64_t dim, int grows = 0);

 private:
  void WalkBlock(const torch::jit::Block* block);
  void Visit(const torch::jit::Node* node);
  void VisitIf(const torch::jit::Node* node);
  const torch::jit::Block* WalkEither(const torch::jit::Block* first,
                                      const torch::jit::Block* second);
  void VisitLoop(const torch::jit::Node* node);
  bool VisitNumbers(const torch::jit::Node* node);
  void VisitOperator(const torch::jit::Node* node);
  bool PutConstants(const torch::jit::Node* node);
  void CheckInterleaved(const torch::jit::Node* node) const;
  void CheckNumbering(const torch::jit::Node* node) const;
  void ForgetLone(const torch::jit::Node* node, const std::string& name);
  void CheckResult(const torch::jit::Node* node, const Trace& result);
  // The first tensor argument whose rank is not taken for granted; -1: there is none.
  int UnknownArgument() const;
  Trace ArgumentTrace(const c10::TypePtr& type, int argument);

  const torch::jit::Graph& graph_;
  GraphConstants constants_;
  const Ranks ranks_;
  Ranks min_ranks_;
  int loops_ = 0;  // around the node at hand
  std::unordered_map<const torch::jit::Value*, Trace> traces_;
};

// The rule for the operator `name` without its namespace's in-place underscore; null if the gate
// does not know it.
using GateRule = void (*)(GateWalker& walker, const torch::jit::Node* node);
GateRule FindGateRule(const std::string& name);

bool DrawsRandomNumbers(const std::string& name);

}  // namespace flambeau
