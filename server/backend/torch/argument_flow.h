// How a value inside a graph follows from one argument: what its datatype and shape say about the
// argument's.
#pragma once

#include <torch/csrc/jit/ir/ir.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "backend/torch/datatypes.h"
#include "backend/torch/graph_constants.h"

namespace flambeau {

struct ArgumentFlow {
  static constexpr int kUnknown = -1;

  // One operator that moved dimensions, to be undone.
  struct Step {
    enum class Kind {
      kUnsqueeze,
      kTranspose,
      kPermute,
      kSlice,
      kSelect,
      kBroadcast,
      kResizeLast,  // the last dims[0] dimensions get other sizes
      kEmbed,       // a last dimension more
    };
    Kind kind;
    std::vector<int64_t> dims;  // the operator's dimensions; kBroadcast: the constant's shape
    bool operator==(const Step&) const = default;
  };

  size_t argument = 0;
  int rank = kUnknown;  // this value's
  int grown = 0;        // its rank less the argument's, while `shape_known`
  int min_rank = 1;     // the argument's is no smaller
  TypeFlow types = InitialTypes();
  bool shape_known = true;  // `steps` lead back to the argument's shape
  std::vector<Step> steps;
  bool last_same = true;    // the last dimension is the argument's last
  bool values_same = true;  // the elements are the argument's own

  // The argument's dimensions, given this value's (-1: any); nothing if they do not follow. The
  // first is always -1: the batch.
  std::optional<std::vector<int64_t>> ArgumentDims(std::vector<int64_t> dims) const;

  void LoseShape();
  // Its rank is at least so large, for all that is known.
  int LeastRank() const { return rank != kUnknown ? rank : min_rank + grown; }
};

// What both may be: the result of a branch that nobody can foretell.
std::optional<ArgumentFlow> Join(const ArgumentFlow& a, const ArgumentFlow& b);

// What becomes of `flow` where cat or stack joins it with tensors that may be anything.
ArgumentFlow Joined(const ArgumentFlow& flow);

// What becomes of `flow`, the tensor at input `index`, at the first output of `node`; nothing if
// the operator is unknown here or mixes it with other values that are not constant.
std::optional<ArgumentFlow> After(const torch::jit::Node* node, size_t index,
                                  const ArgumentFlow& flow, GraphConstants& constants);

}  // namespace flambeau
