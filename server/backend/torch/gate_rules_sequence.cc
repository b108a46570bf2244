#include <algorithm>

#include "backend/torch/gate_rules.h"

namespace flambeau {
namespace {

using torch::jit::Node;
using torch::jit::Value;

// embedding(weight, indices): a dimension more.
void Embedding(GateWalker& walker, const Node* node) {
  if (TouchesBatch(walker.At(node->input(0))))
    walker.Unproven(node, "has a table made of the batch");
  Trace out = walker.At(node->input(1));
  if (out.dims) out.dims->push_back(-1);
  out.rank = out.rank.Plus(1);
  PutAll(walker, node, out);
}

// embedding_bag(weight, indices, offsets, ...): bags of equal length, a row each, as the
// two-dimensional form makes them.
void EmbeddingBag(GateWalker& walker, const Node* node) {
  const Trace indices = walker.At(node->input(1));
  const Trace offsets = walker.At(node->input(2));
  if (!AnyBatched(TensorInputs(walker, node))) return PutAll(walker, node, FixedTensor(Rank{}));
  for (const char* name : {"weight", "per_sample_weights"}) {
    const Value* value = OperatorInput(node, name);
    if (value != nullptr && TouchesBatch(walker.At(value))) {
      walker.Unproven(node, "has a table or weights made of the batch");
    }
  }
  const auto one_more = walker.constants().Bool(OperatorInput(node, "include_last_offset"));
  if (!offsets.numbers_rows || offsets.rows_of == nullptr || offsets.rows_of != indices.rows_of ||
      one_more != false) {
    walker.Unproven(node, "takes offsets that count from the first row");
  }
  Trace counted = TensorTrace(0, Rank::Known(1));
  counted.numbers_rows = true;
  PutAll(walker, node, counted);
  walker.Put(node->outputs()[0], TensorTrace(0, Rank::Known(2)));
}

// one_hot(x, num_classes): without the number, the largest value of the batch decides.
void OneHot(GateWalker& walker, const Node* node) {
  const auto classes = walker.constants().Int(OperatorInput(node, "num_classes"));
  const Trace tensor = walker.At(node->input(0));
  if (tensor.batched() && classes.value_or(-1) < 0) {
    walker.Refuse(node, "takes the number of classes from the whole batch");
  }
  Trace out = tensor;
  out.rank = tensor.rank.Plus(1);
  PutAll(walker, node, out);
}

// lstm, gru, rnn_*: (input, hx, params, has_biases, layers, dropout, train, both ways,
// batch_first).
void Recurrent(GateWalker& walker, const Node* node) {
  const Value* layout = OperatorInput(node, "batch_first");
  const auto batch_first = walker.constants().Bool(layout);
  if (layout == nullptr || !batch_first) walker.Unproven(node, "takes packed sequences");
  if (TouchesBatch(walker.At(OperatorInput(node, "params")))) {
    walker.Unproven(node, "has weights made of the batch");
  }
  const c10::IValue* dropout = walker.constants().Find(OperatorInput(node, "dropout"));
  const bool drops = dropout == nullptr || !dropout->isDouble() || dropout->toDouble() > 0;
  if (drops && walker.constants().Bool(OperatorInput(node, "train")).value_or(true)) {
    walker.Refuse(node, "is in training mode and draws random numbers");
  }
  const Trace input = walker.At(node->input(0));
  const int batch = *batch_first ? 0 : 1;
  if (!input.batched() || input.batch != batch) {
    walker.Refuse(node, "takes the batch in dimension " + std::to_string(batch) + ", not " +
                            std::to_string(input.batch));
  }
  walker.AssumeRank(node, input, 3);
  std::vector<Trace> states;
  const Trace& hx = walker.At(node->input(1));
  if (hx.is_tensor) states.push_back(hx);
  if (hx.elements) states = *hx.elements;
  if (states.empty()) walker.Unproven(node, "has a first state that is not known");
  for (const Trace& state : states) {
    if (state.batch != 1) walker.Unproven(node, "has a first state without a row for each row");
  }
  walker.Put(node->outputs()[0], TensorTrace(batch, Rank::Known(3)));
  for (size_t i = 1; i < node->outputs().size(); ++i) {
    walker.Put(node->outputs()[i], TensorTrace(1, Rank::Known(3)));
  }
}

// lstm_cell(input, hx, weights...), gru_cell, rnn_*_cell: rows of [B, features].
void Cell(GateWalker& walker, const Node* node) {
  RequireFixed(walker, node, 2);
  const Trace input = walker.At(node->input(0));
  const Trace& hx = walker.At(node->input(1));
  std::vector<Trace> states;
  if (hx.is_tensor) states.push_back(hx);
  if (hx.elements) states = *hx.elements;
  for (const Trace& state : states) {
    if (state.batch != 0 || input.batch != 0) {
      walker.Unproven(node, "has a state without a row for each row");
    }
  }
  if (states.empty()) walker.Unproven(node, "has a state that is not known");
  walker.AssumeRank(node, input, 2);
  PutAll(walker, node, TensorTrace(0, Rank::Known(2)));
}

// scaled_dot_product_attention(q, k, v, mask, dropout_p, ...).
void Attention(GateWalker& walker, const Node* node) {
  const c10::IValue* dropout = walker.constants().Find(OperatorInput(node, "dropout_p"));
  if (dropout == nullptr || !dropout->isDouble() || dropout->toDouble() > 0) {
    walker.Refuse(node, "may draw random numbers (dropout)");
  }
  const Trace query = walker.At(node->input(0));
  if (!query.batched()) walker.Unproven(node, "has a query without the batch");
  for (size_t i = 0; i < 3; ++i) {
    const Trace tensor = walker.At(node->input(i));
    if (!tensor.batched() || tensor.batch != query.batch) {
      walker.Unproven(node, "takes the batch in an unusual place");
    }
    walker.AssumeRank(node, tensor, tensor.batch + 3);
  }
  const Trace& mask = walker.At(node->input(3));
  if (mask.is_tensor) Broadcast(walker, node, {query, mask});
  PutAll(walker, node, query);
}

// A mask of each row, or one for all.
void CheckMask(GateWalker& walker, const Node* node) {
  const Value* mask = OperatorInput(node, "mask");
  if (mask == nullptr || !TouchesBatch(walker.At(mask))) return;
  if (walker.At(mask).batch != 0) walker.Unproven(node, "has a mask without a row for each row");
}

void RequireFixedBut(GateWalker& walker, const Node* node, size_t first, const Value* other) {
  for (size_t i = first; i < node->inputs().size(); ++i) {
    if (node->input(i) != other && TouchesBatch(walker.At(node->input(i)))) {
      walker.Unproven(node, "takes weights that depend on the batch");
    }
  }
}

// The fused form of nn.MultiheadAttention: (query, key, value, ..., mask, need_weights, ...), batch
// first.
void FusedAttention(GateWalker& walker, const Node* node) {
  for (size_t i = 0; i < 3; ++i) {
    const Trace tensor = walker.At(node->input(i));
    if (tensor.batch != 0) walker.Unproven(node, "takes the batch in an unusual place");
    if (tensor.rank.known() && tensor.rank.offset != 3) walker.Raises(node);
    walker.AssumeRank(node, tensor, 3);
  }
  RequireFixedBut(walker, node, 3, OperatorInput(node, "mask"));
  CheckMask(walker, node);
  walker.Put(node->outputs()[0], TensorTrace(0, Rank::Known(3)));
  Trace weights = TensorTrace(0, Rank{});
  if (walker.constants().Bool(OperatorInput(node, "need_weights")) == false) {
    weights = Trace();
    weights.nothing = true;
  }
  walker.Put(node->outputs()[1], weights);
}

// The fused layer of nn.TransformerEncoderLayer: (src, ..., mask, mask_type), batch first.
void EncoderLayer(GateWalker& walker, const Node* node) {
  RequireFixedBut(walker, node, 1, OperatorInput(node, "mask"));
  CheckMask(walker, node);
  const Trace tensor = walker.At(node->input(0));
  if (!tensor.batched()) walker.Unproven(node, "takes no batch");
  RequireBatchFirst(walker, node, tensor);
  if (tensor.rank.known() && tensor.rank.offset != 3) walker.Raises(node);
  walker.AssumeRank(node, tensor, 3);
  PutAll(walker, node, tensor);
}

// grid_sampler(x, grid, ...): each image by its own grid.
void GridSample(GateWalker& walker, const Node* node) {
  const Trace image = walker.At(node->input(0));
  const Trace grid = walker.At(node->input(1));
  if (image.batch != 0 || grid.batch != 0) walker.Unproven(node, "takes one grid for all rows");
  walker.AssumeRank(node, image, 4);
  PutAll(walker, node, image);
}

// einsum: the batch's letter must be one, in every operand that varies and in the result.
void Einsum(GateWalker& walker, const Node* node) {
  const c10::IValue* constant = walker.constants().Find(node->input(0));
  const Trace operands = walker.At(node->input(1));
  if (constant == nullptr || !constant->isString() || !operands.elements) {
    walker.Unproven(node, "has an equation that is not constant");
  }
  std::string equation = constant->toStringRef();
  equation.erase(std::remove(equation.begin(), equation.end(), ' '), equation.end());
  const size_t arrow = equation.find("->");
  if (arrow == std::string::npos || equation.find('.') != std::string::npos) {
    walker.Unproven(node, "has an equation without '->' or with '...'");
  }
  const std::string result = equation.substr(arrow + 2);
  std::string left = equation.substr(0, arrow) + ",";
  char letter = 0;
  std::vector<std::string> terms;
  for (size_t comma = left.find(','); comma != std::string::npos; comma = left.find(',')) {
    terms.push_back(left.substr(0, comma));
    left.erase(0, comma + 1);
  }
  if (terms.size() != operands.elements->size()) walker.Unproven(node, "has an odd equation");
  for (size_t i = 0; i < terms.size(); ++i) {
    const Trace& operand = (*operands.elements)[i];
    if (!operand.batched()) continue;
    if (static_cast<size_t>(operand.batch) >= terms[i].size()) {
      walker.Unproven(node, "has an odd equation");
    }
    const char mine = terms[i][static_cast<size_t>(operand.batch)];
    if (letter != 0 && mine != letter) walker.Refuse(node, "combines rows of the batch");
    letter = mine;
  }
  for (size_t i = 0; i < terms.size(); ++i) {
    const bool has = terms[i].find(letter) != std::string::npos;
    const bool varies = (*operands.elements)[i].batched();
    if (letter != 0 && has && !varies)
      walker.Refuse(node, "combines the batch with a constant of its size");
  }
  const size_t place = result.find(letter);
  if (letter != 0 && place == std::string::npos) {
    walker.Refuse(node, "mixes the rows of a batch: it sums over them");
  }
  PutAll(walker, node,
         TensorTrace(letter == 0 ? -1 : static_cast<int>(place),
                     Rank::Known(static_cast<int>(result.size()))));
}

}  // namespace

void AddSequenceRules(GateRules& rules) {
  for (const char* name : {"aten::lstm", "aten::gru", "aten::rnn_tanh", "aten::rnn_relu"}) {
    rules[name] = Recurrent;
  }
  for (const char* name :
       {"aten::lstm_cell", "aten::gru_cell", "aten::rnn_tanh_cell", "aten::rnn_relu_cell"}) {
    rules[name] = Cell;
  }
  rules["aten::embedding"] = Embedding;
  rules["aten::embedding_bag"] = EmbeddingBag;
  rules["aten::_native_multi_head_attention"] = FusedAttention;
  rules["aten::one_hot"] = OneHot;
  rules["aten::scaled_dot_product_attention"] = Attention;
  rules["aten::_transformer_encoder_layer_fwd"] = EncoderLayer;
  rules["aten::grid_sampler"] = GridSample;
  rules["aten::einsum"] = Einsum;
}

}  // namespace flambeau
