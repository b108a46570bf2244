#include "backend/torch/gate_walker.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/enum_tag.h>
#include <torch/csrc/jit/runtime/operator.h>

#include <algorithm>
#include <utility>

namespace flambeau {
namespace {

using torch::jit::Block;
using torch::jit::Node;
using torch::jit::Value;

constexpr int kLoopRounds = 4;

std::string NameOf(const Node* node) { return node->kind().toQualString(); }

bool IsInPlace(const std::string& name) {
  return name.size() > 2 && name.back() == '_' && name[name.size() - 2] != '_';
}

bool IsTaggedRandom(const Node* node) {
  const auto* schema = node->maybeSchema();
  if (schema == nullptr) return false;
  const auto handle =
      c10::Dispatcher::singleton().findSchema({schema->name(), schema->overload_name()});
  return handle && handle->hasTag(at::Tag::nondeterministic_seeded);
}

bool IsTensor(const Value* value) {
  auto type = value->type();
  if (const auto optional = type->cast<c10::OptionalType>()) type = optional->getElementType();
  return type->kind() == c10::TypeKind::TensorType;
}

Trace ConstantTrace(const c10::IValue& constant) {
  Trace trace;
  trace.nothing = constant.isNone();
  if (constant.isTensor() && constant.toTensor().defined()) {
    const at::Tensor& tensor = constant.toTensor();
    trace = TensorTrace(-1, Rank::Known(static_cast<int>(tensor.dim())));
    trace.dims = tensor.sizes().vec();
  } else if (constant.isInt()) {
    trace.number = constant.toInt();
  } else if (constant.isTensorList() || constant.isIntList()) {
    std::vector<Trace> elements;
    for (const c10::IValue& element : constant.toListRef()) {
      elements.push_back(ConstantTrace(element));
    }
    trace = ListTrace(std::move(elements));
  }
  return trace;
}

}  // namespace

GateWalker::GateWalker(const torch::jit::Graph& graph, const torch::jit::Module& module,
                       const std::unordered_set<std::string>& assigned, const Ranks& ranks)
    : graph_(graph), constants_(graph, module, assigned), ranks_(ranks) {}

GateOutcome GateWalker::Walk() {
  GateOutcome outcome;
  try {
    for (size_t i = 1; i < graph_.inputs().size(); ++i) {
      const Value* input = graph_.inputs()[i];
      Put(input, ArgumentTrace(input->type(), static_cast<int>(i - 1)));
    }
    WalkBlock(graph_.block());
    for (const Value* output : graph_.outputs()) {
      CheckResult(graph_.return_node(), At(output));
    }
  } catch (const GateStop& stop) {
    outcome.verdict = stop.verdict;
    outcome.reason = stop.reason;
    outcome.rank_of = stop.rank_of;
    outcome.raises = stop.raises;
  }
  outcome.min_ranks = min_ranks_;
  return outcome;
}

Trace GateWalker::ArgumentTrace(const c10::TypePtr& type, int argument) {
  switch (type->kind()) {
    case c10::TypeKind::TensorType: {
      const auto rank = ranks_.find(argument);
      return TensorTrace(0, rank == ranks_.end() ? Rank::Of(argument) : Rank::Known(rank->second));
    }
    case c10::TypeKind::OptionalType:
    case c10::TypeKind::ListType:
    case c10::TypeKind::DictType: {
      const auto inner = type->kind() == c10::TypeKind::DictType ? type->containedTypes()[1]
                                                                 : type->containedTypes()[0];
      Trace element = ArgumentTrace(inner, argument);
      if (type->kind() == c10::TypeKind::OptionalType) return element;
      Trace list;
      list.element = std::make_shared<const Trace>(std::move(element));
      return list;
    }
    case c10::TypeKind::TupleType: {
      std::vector<Trace> elements;
      for (const auto& inner : type->containedTypes()) {
        elements.push_back(ArgumentTrace(inner, argument));
      }
      return ListTrace(std::move(elements));
    }
    default:
      return NumberTrace(Depends::kFixed);
  }
}

const Trace& GateWalker::At(const Value* value) const {
  static const Trace nothing;
  const auto trace = traces_.find(value);
  return trace == traces_.end() ? nothing : trace->second;
}

void GateWalker::Put(const Value* value, Trace trace) {
  traces_.insert_or_assign(value, std::move(trace));
}

void GateWalker::Refuse(const Node* node, const std::string& what) const {
  throw GateStop{Verdict::kRefused, NameOf(node) + " " + what + "."};
}

void GateWalker::Unproven(const Node* node, const std::string& what) const {
  throw GateStop{Verdict::kUnproven, NameOf(node) + " " + what + "."};
}

void GateWalker::Raises(const Node* node) const {
  throw GateStop{Verdict::kUnproven, NameOf(node) + " always fails.", -1, true};
}

void GateWalker::NeedsRank(const Node* node, const Rank& rank, const std::string& what) const {
  int argument = rank.base;
  if (rank.base == Rank::kAnything) argument = UnknownArgument();
  throw GateStop{Verdict::kUnproven, NameOf(node) + " " + what + ".", std::max(argument, -1)};
}

int GateWalker::UnknownArgument() const {
  for (size_t i = 1; i < graph_.inputs().size(); ++i) {
    const int argument = static_cast<int>(i) - 1;
    if (IsTensor(graph_.inputs()[i]) && ranks_.count(argument) == 0) return argument;
  }
  return -1;
}

void GateWalker::AssumeRank(const Node* node, const Trace& tensor, int rank) {
  if (tensor.rank.known()) {
    if (tensor.rank.offset < rank) {
      Refuse(node, "reaches the batch dimension of a tensor with " +
                       std::to_string(tensor.rank.offset) + " dimensions");
    }
    return;
  }
  if (tensor.rank.base == Rank::kAnything) {
    NeedsRank(node, tensor.rank, "takes a tensor whose number of dimensions is not known");
  }
  int& least = min_ranks_[tensor.rank.base];
  least = std::max(least, rank - tensor.rank.offset);
}

GateWalker::Place GateWalker::PlaceOf(const Node* node, const Trace& tensor, int64_t dim,
                                      int grows) {
  if (dim < 0 && tensor.rank.known()) dim += tensor.rank.offset + grows;
  if (dim >= 0) {
    if (dim == tensor.batch) return Place::kBatch;
    return dim < tensor.batch ? Place::kBefore : Place::kAfter;
  }
  // From the end of a tensor of unknown rank: after the batch, if the rank is large enough.
  AssumeRank(node, tensor, tensor.batch + 1 + static_cast<int>(-dim) - grows);
  return Place::kAfter;
}

void GateWalker::WalkBlock(const Block* block) {
  for (const Node* node : block->nodes()) Visit(node);
}

void GateWalker::Visit(const Node* node) {
  if (node->kind() == c10::prim::RaiseException) {
    throw GateStop{Verdict::kUnproven, "The method always raises an exception.", -1, true};
  }
  if (node->kind() == c10::prim::If) return VisitIf(node);
  if (node->kind() == c10::prim::Loop) return VisitLoop(node);
  if (PutConstants(node) || VisitNumbers(node)) return;
  VisitOperator(node);
}

bool GateWalker::PutConstants(const Node* node) {
  if (node->outputs().empty()) return false;
  for (const Value* output : node->outputs()) {
    if (constants_.Find(output) == nullptr) return false;
  }
  for (const Value* output : node->outputs()) {
    Put(output, ConstantTrace(*constants_.Find(output)));
  }
  return true;
}

void GateWalker::VisitIf(const Node* node) {
  const Block* taken = constants_.TakenBlock(node);
  const Trace& condition = At(node->input(0));
  if (taken == nullptr && condition.rank_of >= 0) {
    throw GateStop{Verdict::kUnproven, "Control flow depends on the number of dimensions.",
                   condition.rank_of};
  }
  const Block* blocks[] = {node->blocks()[0], node->blocks()[1]};
  if (taken == nullptr) {
    // An assertion can only fail, and what fails is run again alone.
    if (AlwaysRaises(blocks[0])) {
      taken = blocks[1];
    } else if (AlwaysRaises(blocks[1])) {
      taken = blocks[0];
    } else if (condition.is_tensor || condition.depends >= Depends::kBatchSize) {
      throw GateStop{Verdict::kRefused,
                     "Control flow (prim::If) depends on the size of the batch, size(0)."};
    }
  }
  if (taken != nullptr) {
    WalkBlock(taken);
  } else {
    taken = WalkEither(blocks[0], blocks[1]);
    // The optimiser may hand the condition itself on, as "has returned".
    if (taken != nullptr) constants_.Set(node->input(0), c10::IValue(taken == blocks[0]));
  }
  for (size_t i = 0; i < node->outputs().size(); ++i) {
    if (taken != nullptr) {
      constants_.SetEither(node->outputs()[i], taken->outputs()[i], taken->outputs()[i]);
      Put(node->outputs()[i], At(taken->outputs()[i]));
      continue;
    }
    constants_.SetEither(node->outputs()[i], blocks[0]->outputs()[i], blocks[1]->outputs()[i]);
    auto both = Join(At(blocks[0]->outputs()[i]), At(blocks[1]->outputs()[i]));
    if (!both) Unproven(node, "has branches that treat the batch differently");
    Put(node->outputs()[i], *std::move(both));
  }
}

// Walks both; the one that does not raise, if the other does.
const Block* GateWalker::WalkEither(const Block* first, const Block* second) {
  const auto raises = [this, loops = loops_](const Block* block) {
    try {
      WalkBlock(block);
    } catch (const GateStop& stop) {
      if (!stop.raises) throw;
      loops_ = loops;
      return true;
    }
    return false;
  };
  const bool first_raises = raises(first);
  const bool second_raises = raises(second);
  if (first_raises && second_raises) {
    throw GateStop{Verdict::kUnproven, "The method always raises an exception.", -1, true};
  }
  if (first_raises) return second;
  return second_raises ? first : nullptr;
}

void GateWalker::VisitLoop(const Node* node) {
  const Block* body = node->blocks()[0];
  for (const Value* control : {node->input(0), node->input(1)}) {
    if (At(control).depends >= Depends::kBatchSize || At(control).is_tensor) {
      throw GateStop{Verdict::kRefused,
                     "Control flow (prim::Loop) depends on the size of the batch, size(0)."};
    }
  }
  std::vector<Trace> carried;
  for (size_t i = 2; i < node->inputs().size(); ++i) carried.push_back(At(node->input(i)));
  Put(body->inputs()[0], NumberTrace(Depends::kShape));
  for (int round = 0;; ++round) {
    for (size_t i = 0; i < carried.size(); ++i) Put(body->inputs()[i + 1], carried[i]);
    loops_ += 1;
    WalkBlock(body);
    loops_ -= 1;
    if (At(body->outputs()[0]).depends >= Depends::kBatchSize) {
      throw GateStop{Verdict::kRefused,
                     "Control flow (prim::Loop) depends on the size of the batch, size(0)."};
    }
    bool settled = true;
    for (size_t i = 0; i < carried.size(); ++i) {
      auto both = Join(carried[i], At(body->outputs()[i + 1]));
      if (!both) Unproven(node, "has rounds that treat the batch differently");
      settled = settled && both->batch == carried[i].batch && both->rank == carried[i].rank &&
                both->depends == carried[i].depends && both->nothing == carried[i].nothing;
      carried[i] = *std::move(both);
    }
    if (settled && round > 0) break;
    if (round == kLoopRounds) Unproven(node, "changes the number of dimensions in each round");
  }
  for (size_t i = 0; i < carried.size(); ++i) Put(node->outputs()[i], carried[i]);
}

// Arithmetic without tensors: the result depends on what its inputs do.
bool GateWalker::VisitNumbers(const Node* node) {
  for (const Value* input : node->inputs()) {
    const Trace& trace = At(input);
    if (trace.is_tensor || trace.shape_of || trace.elements || trace.element) return false;
  }
  for (const Value* output : node->outputs()) {
    const auto kind = output->type()->kind();
    if (kind != c10::TypeKind::IntType && kind != c10::TypeKind::FloatType &&
        kind != c10::TypeKind::BoolType && kind != c10::TypeKind::StringType &&
        kind != c10::TypeKind::NumberType) {
      return false;
    }
  }
  if (node->outputs().empty()) return false;
  Trace sum = NumberTrace(Depends::kFixed);
  for (const Value* input : node->inputs()) {
    sum.depends = std::max(sum.depends, At(input).depends);
    sum.rank_of = std::max(sum.rank_of, At(input).rank_of);
  }
  const bool same_number =
      node->kind() == c10::aten::Int || node->kind() == c10::prim::unchecked_cast;
  if (sum.depends == Depends::kBatchSize && !same_number) sum.depends = Depends::kBatchDerived;
  for (const Value* output : node->outputs()) Put(output, sum);
  return true;
}

void GateWalker::VisitOperator(const Node* node) {
  std::string name = NameOf(node);
  if (DrawsRandomNumbers(name)) Refuse(node, "draws random numbers");
  const bool in_place = IsInPlace(name);
  if (in_place) name.pop_back();
  const Trace before = node->inputs().empty() ? Trace() : At(node->input(0));
  if (const GateRule rule = FindGateRule(name)) {
    CheckNumbering(node);
    rule(*this, node);
    CheckInterleaved(node);
    ForgetLone(node, name);
    if (in_place && At(node->output()).batch != before.batch) {
      Unproven(node, "writes a part of the batch into another tensor");
    }
    return;
  }
  if (IsTaggedRandom(node)) Refuse(node, "draws random numbers");
  for (const Value* input : node->inputs()) {
    if (TouchesBatch(At(input)) || At(input).rank_of >= 0) {
      Unproven(node, "is an operator that the proof does not know");
    }
  }
  // Nothing of the batch went in.
  for (const Value* output : node->outputs()) {
    Trace trace;
    trace.is_tensor = IsTensor(output);
    if (output->type()->kind() == c10::TypeKind::ListType) {
      Trace element;
      element.is_tensor = output->type()->containedTypes()[0]->kind() == c10::TypeKind::TensorType;
      trace.element = std::make_shared<const Trace>(std::move(element));
    }
    Put(output, std::move(trace));
  }
}

}  // namespace flambeau
