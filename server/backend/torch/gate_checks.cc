// What the static gate checks after each operator, and of the result.
#include "backend/torch/gate_walker.h"

#include <utility>

namespace flambeau {

using torch::jit::Node;
using torch::jit::Value;

// A rule that makes a new trace of an interleaved batch would forget that it is one.
void GateWalker::CheckInterleaved(const Node* node) const {
  if (node->kind() == c10::aten::view || node->kind() == c10::aten::reshape) return;
  bool interleaved = false;
  for (const Value* input : node->inputs()) interleaved = interleaved || At(input).interleaved;
  if (!interleaved) return;
  for (const Value* output : node->outputs()) {
    const Trace& trace = At(output);
    if (trace.depends == Depends::kBatchSize) Unproven(node, "counts rows that are interleaved");
    if (trace.shape_of || trace.element) Unproven(node, "takes rows that are interleaved");
    if (trace.is_tensor && !trace.interleaved) Unproven(node, "takes rows that are interleaved");
  }
}

// What numbers the rows is of use to the operators that ask where each row begins.
void GateWalker::CheckNumbering(const Node* node) const {
  const auto kind = node->kind();
  if (kind == c10::aten::embedding_bag || kind == c10::prim::ListConstruct) return;
  const bool moves =
      kind == c10::aten::index || kind == c10::aten::unsqueeze || kind == c10::aten::slice;
  for (const Value* input : node->inputs()) {
    if (!NumbersRows(At(input)) || (moves && !At(input).numbers_rows)) continue;
    if (moves && At(input).row_index) continue;
    Refuse(node, "takes numbers of the rows of the batch");
  }
}

// Only operators that leave the dimensions before the batch alone, and know it, keep that fact.
void GateWalker::ForgetLone(const Node* node, const std::string& name) {
  if (name == "aten::view" || name == "aten::reshape" || name == "aten::pad") return;
  for (const Value* output : node->outputs()) {
    if (!At(output).lone) continue;
    Trace trace = At(output);
    trace.lone = false;
    Put(output, std::move(trace));
  }
}

void GateWalker::CheckResult(const Node* node, const Trace& result) {
  if (NumbersRows(result)) {
    throw GateStop{Verdict::kRefused, "A result numbers the rows of the batch."};
  }
  if (result.is_tensor) {
    if (result.batch == 0 && !result.interleaved) return;
    throw GateStop{
        Verdict::kRefused,
        result.batch < 0
            ? "A result does not depend on the batch, so it has no row for each row."
            : "A result has its batch in dimension " + std::to_string(result.batch) + ", not 0."};
  }
  if (result.depends >= Depends::kBatchSize || (result.shape_of && result.shape_of->batched())) {
    throw GateStop{Verdict::kRefused, "A result tells the size of the batch, size(0)."};
  }
  if (result.element) CheckResult(node, *result.element);
  if (!result.elements) return;
  for (const Trace& element : *result.elements) CheckResult(node, element);
}

}  // namespace flambeau
