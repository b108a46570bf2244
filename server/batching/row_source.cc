#include "batching/row_source.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

#include "batching/element.h"

namespace flambeau {
namespace {

// A model that looks at the batch's largest value, or at its sum, must meet rows far apart.
constexpr std::array<double, 5> kInventedScales = {1, 0.3, 3, 10, 0.1};
constexpr std::array<double, 5> kSeenScales = {1, 0.5, 2, 0.25, 4};
// Only so many rows of a large request are used as they are.
constexpr int64_t kMaxSeenRows = 4;
constexpr size_t kMaxRowsBytes = size_t{128} << 20;

void StoreInteger(DType dtype, int64_t number, std::byte* to) {
  // Little-endian: the low bytes come first, whatever the width.
  std::memcpy(to, &number, ItemSize(dtype));
}

}  // namespace

std::optional<RowSource> RowSource::FromFacts(const MethodFacts& method, uint64_t seed) {
  RowSource source(seed);
  for (const ArgumentFact& fact : method.arguments) {
    Argument argument;
    if (fact.kind != ValueKind::kTensor || !Describe(fact.tensor, &argument)) {
      if (!fact.optional && !fact.has_default) return std::nullopt;
      argument.fixed = Value{};
    }
    if (!source.Add(std::move(argument))) return std::nullopt;
  }
  if (source.row_bytes_ == 0) return std::nullopt;
  return source;
}

std::optional<RowSource> RowSource::FromRequest(const MethodFacts& method,
                                                const std::vector<Value>& arguments,
                                                uint64_t seed) {
  RowSource source(seed);
  for (size_t i = 0; i < arguments.size(); ++i) {
    Argument argument;
    const Tensor* tensor = arguments[i].tensor();
    if (tensor == nullptr) {
      argument.fixed = arguments[i];
    } else {
      if (!Describe(*tensor, &argument)) return std::nullopt;
      if (source.seen_rows_ != 0 && source.seen_rows_ != tensor->shape()[0]) return std::nullopt;
      source.seen_rows_ = tensor->shape()[0];
      if (i < method.arguments.size()) {
        argument.index_limit = method.arguments[i].tensor.index_limit;
      }
    }
    if (!source.Add(std::move(argument))) return std::nullopt;
  }
  if (source.row_bytes_ == 0) return std::nullopt;
  return source;
}

bool RowSource::Describe(const TensorFact& fact, Argument* argument) {
  if (!fact.dtype || !fact.dims || fact.dims->empty() || (*fact.dims)[0] != -1) return false;
  if (*fact.dtype == DType::kBytes) return false;
  if (IsInteger(*fact.dtype) && (!fact.index_limit || *fact.index_limit <= 0)) return false;
  argument->dtype = *fact.dtype;
  argument->index_limit = fact.index_limit;
  argument->row_shape = *fact.dims;
  argument->row_shape[0] = 1;
  return ElementCount(argument->row_shape).value_or(0) > 0;
}

bool RowSource::Describe(const Tensor& tensor, Argument* argument) {
  if (tensor.dtype() == DType::kBytes || tensor.shape().empty() || tensor.bytes() == 0)
    return false;
  argument->dtype = tensor.dtype();
  argument->row_shape = tensor.shape();
  argument->row_shape[0] = 1;
  argument->seen = tensor;
  double lowest = INFINITY;
  double highest = -INFINITY;
  const size_t size = ItemSize(tensor.dtype());
  for (size_t at = 0; at < tensor.bytes(); at += size) {
    const double number = ReadElement(tensor.dtype(), tensor.data() + at);
    lowest = std::min(lowest, number);
    highest = std::max(highest, number);
  }
  argument->positive = lowest >= 0 && highest > 0;
  argument->spread = highest > lowest ? highest - lowest : std::max(1.0, std::fabs(highest));
  return true;
}

bool RowSource::Add(Argument argument) {
  if (!argument.fixed) {
    const auto bytes = ByteSize(argument.dtype, argument.row_shape);
    if (!bytes) return false;
    row_bytes_ += *bytes;
  }
  arguments_.push_back(std::move(argument));
  return true;
}

std::vector<Value> RowSource::Next() {
  std::vector<Value> row;
  const bool as_seen = made_ < std::min(seen_rows_, kMaxSeenRows);
  for (const Argument& argument : arguments_) {
    if (argument.fixed) {
      row.push_back(*argument.fixed);
    } else if (as_seen) {
      row.push_back(Value{argument.seen.Rows(made_, 1)});
    } else {
      std::optional<Tensor> tensor = MakeTensor(argument);
      if (!tensor) return {};
      row.push_back(Value{*std::move(tensor)});
    }
  }
  ++made_;
  return row;
}

int64_t RowSource::Affordable(int64_t wanted) const {
  const auto fit = static_cast<int64_t>(kMaxRowsBytes / std::max<size_t>(row_bytes_, 1));
  return std::max<int64_t>(std::min(wanted, fit), 1);
}

bool RowSource::Extend(size_t count, std::vector<std::vector<Value>>* rows) {
  while (rows->size() < count) {
    std::vector<Value> row = Next();
    if (row.empty()) return false;
    rows->push_back(std::move(row));
  }
  return true;
}

std::optional<Tensor> RowSource::MakeTensor(const Argument& argument) {
  Result<Tensor> tensor = Tensor::Allocate(argument.dtype, argument.row_shape);
  if (!tensor.ok()) return std::nullopt;
  if (IsFloat(argument.dtype)) {
    FillFloats(argument, &*tensor);
  } else {
    FillIntegers(argument, &*tensor);
  }
  return *std::move(tensor);
}

void RowSource::FillFloats(const Argument& argument, Tensor* tensor) {
  std::normal_distribution<double> normal;
  const size_t size = ItemSize(argument.dtype);
  const size_t seen = argument.seen.bytes() / size;
  const auto row = static_cast<size_t>(made_);
  const double scale = seen > 0 ? kSeenScales[row % kSeenScales.size()]
                                : kInventedScales[row % kInventedScales.size()];
  // Invented rows: of both signs, then of one, so that a model of only one still has its rows.
  const size_t sign = row % 3;
  for (size_t at = 0; at < tensor->bytes(); at += size) {
    double number = normal(random_);
    if (seen > 0) {
      const double near =
          ReadElement(argument.dtype, argument.seen.data() + random_() % seen * size);
      number = near * scale + number * 0.1 * argument.spread;
      if (argument.positive) number = std::fabs(number);
    } else {
      if (sign != 0) number = sign == 1 ? std::fabs(number) : -std::fabs(number);
      number *= scale;
    }
    WriteFloat(argument.dtype, number, tensor->mutable_data() + at);
  }
}

void RowSource::FillIntegers(const Argument& argument, Tensor* tensor) {
  const size_t size = ItemSize(argument.dtype);
  const size_t seen = argument.seen.bytes() / size;
  for (size_t at = 0; at < tensor->bytes(); at += size) {
    std::byte* to = tensor->mutable_data() + at;
    if (argument.dtype == DType::kBool) {
      StoreInteger(argument.dtype, static_cast<int64_t>(random_() & 1), to);
    } else if (argument.index_limit && *argument.index_limit > 0) {
      const auto limit = static_cast<uint64_t>(*argument.index_limit);
      StoreInteger(argument.dtype, static_cast<int64_t>(random_() % limit), to);
    } else {
      std::memcpy(to, argument.seen.data() + random_() % seen * size, size);
    }
  }
}

}  // namespace flambeau
