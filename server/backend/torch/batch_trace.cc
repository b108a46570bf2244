#include "backend/torch/batch_trace.h"

#include <algorithm>
#include <utility>

namespace flambeau {
namespace {

std::optional<Trace> JoinElements(const Trace& a, const Trace& b) {
  Trace both = a;
  if (a.elements && b.elements && a.elements->size() == b.elements->size()) {
    std::vector<Trace> elements;
    for (size_t i = 0; i < a.elements->size(); ++i) {
      auto element = Join((*a.elements)[i], (*b.elements)[i]);
      if (!element) return std::nullopt;
      elements.push_back(*std::move(element));
    }
    both.elements = std::make_shared<const std::vector<Trace>>(std::move(elements));
    return both;
  }
  // Lists of different lengths: what any element may be.
  std::optional<Trace> any;
  for (const Trace* list : {&a, &b}) {
    if (list->shape_of) return std::nullopt;
    if (list->element) any = any ? Join(*any, *list->element) : std::optional(*list->element);
    if (list->element && !any) return std::nullopt;
    if (!list->elements) continue;
    for (const Trace& element : *list->elements) {
      any = any ? Join(*any, element) : std::optional(element);
      if (!any) return std::nullopt;
    }
  }
  both.elements = nullptr;
  both.element = any ? std::make_shared<const Trace>(*std::move(any)) : nullptr;
  return both;
}

std::optional<Trace> JoinTensors(const Trace& a, const Trace& b) {
  if (!a.is_tensor || !b.is_tensor || a.batch != b.batch || a.interleaved != b.interleaved ||
      a.numbers_rows != b.numbers_rows || a.row_index != b.row_index) {
    return std::nullopt;
  }
  Trace both = a;
  both.lone = a.lone && b.lone;
  if (a.rows_of != b.rows_of) both.rows_of = nullptr;
  if (!(a.rank == b.rank)) both.rank = Rank{};
  if (a.dims != b.dims) both.dims.reset();
  return both;
}

}  // namespace

std::optional<Trace> Join(const Trace& a, const Trace& b) {
  if (a.nothing) return b;
  if (b.nothing) return a;
  if (a.is_tensor || b.is_tensor) return JoinTensors(a, b);
  if (a.elements || a.element || b.elements || b.element) return JoinElements(a, b);
  if (a.shape_of || b.shape_of) return std::nullopt;
  Trace both = a;
  both.depends = std::max(a.depends, b.depends);
  if (a.depends != b.depends && both.depends == Depends::kBatchSize) {
    both.depends = Depends::kBatchDerived;
  }
  both.rank_of = std::max(a.rank_of, b.rank_of);
  if (a.number != b.number) both.number.reset();
  return both;
}

bool NumbersRows(const Trace& trace) {
  if (trace.numbers_rows || (trace.element && NumbersRows(*trace.element))) return true;
  return trace.elements && std::any_of(trace.elements->begin(), trace.elements->end(), NumbersRows);
}

bool TouchesBatch(const Trace& trace) {
  if (trace.is_tensor) return trace.batch >= 0;
  if (trace.depends >= Depends::kBatchSize) return true;
  if (trace.shape_of) return trace.shape_of->batched();
  if (trace.element) return TouchesBatch(*trace.element);
  return trace.elements &&
         std::any_of(trace.elements->begin(), trace.elements->end(), TouchesBatch);
}

Trace NumberTrace(Depends depends) {
  Trace trace;
  trace.depends = depends;
  return trace;
}

Trace TensorTrace(int batch, Rank rank) {
  Trace trace;
  trace.is_tensor = true;
  trace.batch = batch;
  trace.rank = rank;
  return trace;
}

Trace ListTrace(std::vector<Trace> elements) {
  Trace trace;
  trace.elements = std::make_shared<const std::vector<Trace>>(std::move(elements));
  return trace;
}

}  // namespace flambeau
