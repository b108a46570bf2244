#include "backend/torch/writes.h"

#include <unordered_map>

namespace flambeau {
namespace {

using torch::jit::Block;
using torch::jit::Node;
using torch::jit::Value;

// What memory a value may share.
struct Shares {
  bool attribute = false;
  bool input = false;

  bool Any() const { return attribute || input; }
  void Add(const Shares& other) {
    attribute = attribute || other.attribute;
    input = input || other.input;
  }
};

bool HoldsMemory(const Value* value) {
  switch (value->type()->kind()) {
    case c10::TypeKind::IntType:
    case c10::TypeKind::FloatType:
    case c10::TypeKind::BoolType:
    case c10::TypeKind::StringType:
    case c10::TypeKind::NoneType:
    case c10::TypeKind::DeviceObjType:
      return false;
    default:
      return true;
  }
}

class WriteFinder {
 public:
  explicit WriteFinder(GraphConstants& constants) : constants_(constants) {}

  Writes Find(const torch::jit::Graph& graph) {
    for (size_t i = 0; i < graph.inputs().size(); ++i) {
      Shares& shares = shares_[graph.inputs()[i]];
      (i == 0 ? shares.attribute : shares.input) = true;
    }
    Walk(graph.block());
    return writes_;
  }

 private:
  void Walk(const Block* block) {
    for (const Node* node : block->nodes()) Visit(node);
  }

  void Visit(const Node* node) {
    if (node->kind() == c10::prim::If) return VisitIf(node);
    if (node->kind() == c10::prim::Loop) return VisitLoop(node);
    if (node->kind() == c10::prim::SetAttr) {
      if (shares_[node->input(0)].attribute) {
        Blame("prim::SetAttr writes the attribute '" + node->s(c10::attr::name) + "'.");
      }
      return;
    }
    if (TrainsStatistics(node)) {
      Blame(std::string(node->kind().toQualString()) +
            " in training mode writes the running statistics.");
    }
    FindWritten(node);
    Propagate(node);
  }

  void VisitIf(const Node* node) {
    const Block* taken = constants_.TakenBlock(node);
    for (const Block* block : node->blocks()) {
      if (taken != nullptr && block != taken) continue;
      Walk(block);
      for (size_t i = 0; i < node->outputs().size(); ++i) {
        shares_[node->outputs()[i]].Add(shares_[block->outputs()[i]]);
      }
    }
  }

  // Twice: what a first round carries over reaches the second.
  void VisitLoop(const Node* node) {
    const Block* body = node->blocks()[0];
    for (int round = 0; round < 2; ++round) {
      for (size_t i = 1; i < body->inputs().size(); ++i) {
        shares_[body->inputs()[i]].Add(shares_[node->inputs()[i + 1]]);
        if (round > 0) shares_[body->inputs()[i]].Add(shares_[body->outputs()[i]]);
      }
      Walk(body);
    }
    for (size_t i = 0; i < node->outputs().size(); ++i) {
      shares_[node->outputs()[i]].Add(shares_[node->inputs()[i + 2]]);
      shares_[node->outputs()[i]].Add(shares_[body->outputs()[i + 1]]);
    }
  }

  bool TrainsStatistics(const Node* node) {
    if (node->kind() != c10::aten::batch_norm && node->kind() != c10::aten::instance_norm) {
      return false;
    }
    const char* flag = node->kind() == c10::aten::batch_norm ? "training" : "use_input_stats";
    return !constants_.IsNone(OperatorInput(node, "running_mean")) &&
           constants_.Bool(OperatorInput(node, flag)).value_or(true);
  }

  void FindWritten(const Node* node) {
    const auto* schema = node->maybeSchema();
    for (size_t i = 0; i < node->inputs().size(); ++i) {
      if (schema == nullptr || i >= schema->arguments().size()) continue;
      const auto* alias = schema->arguments()[i].alias_info();
      if (alias == nullptr || !alias->isWrite()) continue;
      const Shares shares = shares_[node->input(i)];
      if (shares.attribute) {
        Blame(std::string(node->kind().toQualString()) + " writes an attribute in place.");
      }
      writes_.inputs = writes_.inputs || shares.input;
      // What is put into a list or another tensor is in it from now on.
      for (const Value* other : node->inputs()) shares_[node->input(i)].Add(shares_[other]);
    }
  }

  // A result shares its inputs' memory if the schema says so; without a schema (or of a container)
  // it may.
  void Propagate(const Node* node) {
    Shares all;
    for (const Value* input : node->inputs()) all.Add(shares_[input]);
    if (!all.Any()) return;
    const auto* schema = node->maybeSchema();
    for (size_t i = 0; i < node->outputs().size(); ++i) {
      if (!HoldsMemory(node->outputs()[i])) continue;
      const bool fresh = schema != nullptr && i < schema->returns().size() &&
                         schema->returns()[i].alias_info() == nullptr &&
                         schema->returns()[i].type()->kind() == c10::TypeKind::TensorType;
      if (!fresh) shares_[node->outputs()[i]].Add(all);
    }
  }

  void Blame(const std::string& sentence) {
    if (writes_.attributes.empty()) writes_.attributes = sentence;
  }

  GraphConstants& constants_;
  std::unordered_map<const Value*, Shares> shares_;
  Writes writes_;
};

}  // namespace

Writes FindWrites(const torch::jit::Graph& graph, GraphConstants& constants) {
  return WriteFinder(constants).Find(graph);
}

}  // namespace flambeau
