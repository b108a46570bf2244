// How a value depends on the batch, as the static gate follows it through a graph.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace flambeau {

// The number of dimensions: known, or an argument's unknown one plus an offset, or anything.
struct Rank {
  static constexpr int kKnown = -1;
  static constexpr int kAnything = -2;
  int base = kAnything;  // an argument's number, or one of the above
  int offset = 0;        // the rank itself if known

  static Rank Known(int rank) { return {kKnown, rank}; }
  static Rank Of(int argument) { return {argument, 0}; }
  bool known() const { return base == kKnown; }
  Rank Plus(int more) const { return base == kAnything ? *this : Rank{base, offset + more}; }
  bool operator==(const Rank&) const = default;
};

// Numbers, and numbers in disguise (sizes a trace has turned into tensors).
enum class Depends {
  kFixed,         // on nothing in the request but its non-tensor arguments
  kShape,         // on shapes, not on the batch
  kBatchSize,     // it is the number of rows
  kBatchDerived,  // it is computed from that number
};

struct Trace;
using TracePtr = std::shared_ptr<const Trace>;

struct Trace {
  bool is_tensor = false;
  // Tensors. The dimension that is the batch, -1: the tensor is the same whatever the batch.
  int batch = -1;
  // That dimension counts something else outside and the rows inside, as after [T,B,E] -> [T*B,E]:
  // each entry is still of one row, but the rows do not lie one after the other.
  bool interleaved = false;
  // A dimension of size 1 comes before the batch, which is dimension 1.
  bool lone = false;
  // Its values number the rows (where each begins), so that only an operator which asks for just
  // that may take it.
  bool numbers_rows = false;
  // The same, and each row's value is its number: x[row_index, ...] takes each row's own.
  bool row_index = false;
  // The graph's value whose rows, laid one after the other, these are, or are numbered.
  const void* rows_of = nullptr;
  Rank rank;
  std::optional<std::vector<int64_t>> dims;  // of constants

  // Numbers.
  Depends depends = Depends::kFixed;
  std::optional<int64_t> number;  // of a constant
  int rank_of = -1;               // computed from the unknown rank of this argument
  TracePtr shape_of;              // a list: the shape of this tensor

  // Tuples and lists: each element, or what any element may be.
  std::shared_ptr<const std::vector<Trace>> elements;
  TracePtr element;

  bool nothing = false;  // None or not yet set: joins with anything

  bool batched() const { return is_tensor && batch >= 0; }
};

// What a value is if it may be either; nothing if the two cannot be told apart by one trace.
std::optional<Trace> Join(const Trace& a, const Trace& b);

// Does any tensor inside vary with the batch? Any number?
bool TouchesBatch(const Trace& trace);

// Does any tensor inside number the rows?
bool NumbersRows(const Trace& trace);

Trace NumberTrace(Depends depends);
Trace TensorTrace(int batch, Rank rank);
Trace ListTrace(std::vector<Trace> elements);

}  // namespace flambeau
