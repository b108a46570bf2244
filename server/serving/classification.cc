#include "serving/classification.h"

#include <algorithm>
#include <cmath>
#include <concepts>
#include <cstring>
#include <numeric>

#include "base/checked.h"
#include "codec/convert.h"

namespace flambeau {
namespace {

constexpr int64_t kMaxResults = 1'000'000;

// Elements as something that has an order and a text.
template <typename T>
struct Plain {
  using Stored = T;
  static T Get(T stored) { return stored; }
};
struct Half {
  using Stored = uint16_t;
  static float Get(uint16_t bits) { return HalfToFloat(bits); }
};
struct Bfloat16 {
  using Stored = uint16_t;
  static float Get(uint16_t bits) { return Bfloat16ToFloat(bits); }
};

template <typename T>
bool IsGreater(T a, T b) {
  if constexpr (std::floating_point<T>) {
    if (std::isnan(a) || std::isnan(b)) return !std::isnan(a) && std::isnan(b);
  }
  return a > b;
}

struct Job {
  const Tensor& scores;
  int64_t rows;
  int64_t row_size;
  int64_t count;
  const std::vector<std::string>& labels;
};

template <typename Element>
std::vector<std::string> Largest(const Job& job) {
  const auto at = [&](int64_t i) {
    typename Element::Stored stored;
    std::memcpy(&stored, job.scores.data() + static_cast<size_t>(i) * sizeof(stored),
                sizeof(stored));
    return Element::Get(stored);
  };
  std::vector<std::string> texts;
  texts.reserve(static_cast<size_t>(job.rows * job.count));
  std::vector<int64_t> order(static_cast<size_t>(job.row_size));
  for (int64_t row = 0; row < job.rows; ++row) {
    const int64_t begin = row * job.row_size;
    std::iota(order.begin(), order.end(), 0);
    std::partial_sort(order.begin(), order.begin() + job.count, order.end(),
                      [&](int64_t a, int64_t b) {
                        if (IsGreater(at(begin + a), at(begin + b))) return true;
                        return a < b && !IsGreater(at(begin + b), at(begin + a));
                      });
    for (int64_t k = 0; k < job.count; ++k) {
      const auto index = static_cast<size_t>(order[static_cast<size_t>(k)]);
      std::string text =
          std::to_string(at(begin + order[static_cast<size_t>(k)])) + ":" + std::to_string(index);
      if (index < job.labels.size() && !job.labels[index].empty()) text += ":" + job.labels[index];
      texts.push_back(std::move(text));
    }
  }
  return texts;
}

std::vector<std::string> LargestOf(const Job& job) {
  switch (job.scores.dtype()) {
    case DType::kBool:
    case DType::kUint8:
      return Largest<Plain<uint8_t>>(job);
    case DType::kUint16:
      return Largest<Plain<uint16_t>>(job);
    case DType::kUint32:
      return Largest<Plain<uint32_t>>(job);
    case DType::kUint64:
      return Largest<Plain<uint64_t>>(job);
    case DType::kInt8:
      return Largest<Plain<int8_t>>(job);
    case DType::kInt16:
      return Largest<Plain<int16_t>>(job);
    case DType::kInt32:
      return Largest<Plain<int32_t>>(job);
    case DType::kInt64:
      return Largest<Plain<int64_t>>(job);
    case DType::kFp16:
      return Largest<Half>(job);
    case DType::kBf16:
      return Largest<Bfloat16>(job);
    case DType::kFp32:
      return Largest<Plain<float>>(job);
    case DType::kFp64:
      return Largest<Plain<double>>(job);
    case DType::kBytes:
      break;
  }
  return {};
}

}  // namespace

Result<Tensor> Classify(const Tensor& scores, int64_t count, bool batched,
                        const std::vector<std::string>& labels, std::string_view output) {
  const std::string name = "Output '" + std::string(output) + "'";
  if (scores.dtype() == DType::kBytes) {
    return InvalidArgument(name + " is BYTES, which have no order; leave classification out.");
  }
  const Shape& shape = scores.shape();
  const bool has_rows = batched && !shape.empty();
  const int64_t rows = has_rows ? shape.front() : 1;
  const int64_t size =
      ElementCount(has_rows ? Shape(shape.begin() + 1, shape.end()) : shape).value_or(0);
  const int64_t most = std::min(count, size);
  const auto results = CheckedMultiply(rows, most);
  if (!results || *results > kMaxResults) {
    return InvalidArgument(name + " would be classified into more than " +
                           std::to_string(kMaxResults) + " results; ask for fewer.");
  }
  const std::vector<std::string> texts = LargestOf({scores, rows, size, most, labels});
  const std::vector<std::string_view> elements(texts.begin(), texts.end());
  return BytesTensor(elements, has_rows ? Shape{rows, most} : Shape{most});
}

}  // namespace flambeau
