// Distinct rows to probe a method with: invented where its shapes are known, else made after a
// request that worked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "backend/facts.h"
#include "tensor/value.h"

namespace flambeau {

// Deterministic: the same seed gives the same rows. Every non-tensor argument keeps its value.
// Threads: one. Lifetime: shares the request's tensors. Errors: none; an empty row when there is no
// memory.
class RowSource {
 public:
  // Nothing unless every tensor argument has a known datatype and known dimensions after the first,
  // integers have a limit, and every other argument may be absent.
  static std::optional<RowSource> FromFacts(const MethodFacts& method, uint64_t seed);
  // Nothing if the request's tensors have no common dimension 0, or no elements.
  static std::optional<RowSource> FromRequest(const MethodFacts& method,
                                              const std::vector<Value>& arguments, uint64_t seed);

  // One row: the method's arguments, tensors with dimension 0 of one. A request's own rows come
  // first, as they are.
  std::vector<Value> Next();
  // Adds rows until there are `count`. False if there is no memory for one; those before it stay.
  bool Extend(size_t count, std::vector<std::vector<Value>>* rows);
  // Bytes of one row's tensors.
  size_t row_bytes() const { return row_bytes_; }
  // So many of `wanted` rows as may be kept in memory at once: clients may choose their shape. At
  // least 1.
  int64_t Affordable(int64_t wanted) const;

 private:
  struct Argument {
    std::optional<Value> fixed;  // no tensor: this value
    DType dtype = DType::kFp32;
    Shape row_shape;  // dimension 0 is 1
    std::optional<int64_t> index_limit;
    Tensor seen;            // the request's; empty when invented
    bool positive = false;  // nothing seen is below zero
    double spread = 1;      // of what was seen
  };

  explicit RowSource(uint64_t seed) : random_(seed) {}
  static bool Describe(const TensorFact& fact, Argument* argument);
  static bool Describe(const Tensor& tensor, Argument* argument);
  bool Add(Argument argument);
  std::optional<Tensor> MakeTensor(const Argument& argument);
  void FillFloats(const Argument& argument, Tensor* tensor);
  void FillIntegers(const Argument& argument, Tensor* tensor);

  std::mt19937_64 random_;
  std::vector<Argument> arguments_;
  size_t row_bytes_ = 0;
  int64_t seen_rows_ = 0;
  int64_t made_ = 0;
};

}  // namespace flambeau
