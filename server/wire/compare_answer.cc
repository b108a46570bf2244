#include "wire/compare_answer.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <utility>
#include <variant>
#include <vector>

#include "batching/element.h"
#include "codec/convert.h"
#include "codec/json_cursor.h"

namespace flambeau {
namespace {

using Difference = std::optional<std::string>;

double DefaultTolerance(DType dtype) {
  switch (dtype) {
    case DType::kFp16:
    case DType::kBf16:
      return 1e-2;
    case DType::kFp32:
      return 1e-4;
    case DType::kFp64:
      return 1e-6;
    default:
      return 0;
  }
}

std::string Text(double number) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.6g", number);
  return text;
}

std::string Differs(const std::string& where, const std::string& got, const std::string& wanted) {
  return where + " is " + got + " and should be " + wanted;
}

// "[1][0]": where the element at a flat index stands.
std::string Indices(const Shape& shape, int64_t flat) {
  std::string text;
  for (size_t i = shape.size(); i-- > 0;) {
    text = "[" + std::to_string(flat % shape[i]) + "]" + text;
    flat /= shape[i];
  }
  return text;
}

class Comparison {
 public:
  Comparison(std::string_view response, std::optional<double> tolerance)
      : cursor_(response), tolerance_(tolerance) {}

  Result<Difference> Compare(const Value& answer) {
    FLAMBEAU_RETURN_IF_ERROR(cursor_.EnterObject());
    Difference difference;
    bool found = false;
    while (true) {
      FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor_.NextKey());
      if (!more) break;
      if (cursor_.key() == "output" || cursor_.key() == "outputs") {
        found = true;
        FLAMBEAU_ASSIGN_OR_RETURN(difference, CompareValue(answer));
        if (difference) return difference;
      } else {
        FLAMBEAU_RETURN_IF_ERROR(cursor_.Skip());
      }
    }
    FLAMBEAU_RETURN_IF_ERROR(cursor_.Finish());
    if (!found) return InvalidArgument(R"(it has neither "output" nor "outputs")");
    return difference;
  }

 private:
  Result<Difference> CompareValue(const Value& value) {
    return std::visit([this](const auto& data) { return CompareData(data); }, value.data);
  }

  Result<Difference> CompareData(const None&) {
    FLAMBEAU_ASSIGN_OR_RETURN(const JsonKind kind, cursor_.Kind());
    const std::string path = cursor_.Path();
    FLAMBEAU_RETURN_IF_ERROR(cursor_.Skip());
    if (kind == JsonKind::kNull) return Difference();
    return Difference(path + " is null and should not be");
  }

  Result<Difference> CompareData(bool got) {
    const std::string path = cursor_.Path();
    FLAMBEAU_ASSIGN_OR_RETURN(const bool wanted, cursor_.TakeBool());
    if (got == wanted) return Difference();
    return Difference(Differs(path, got ? "true" : "false", wanted ? "true" : "false"));
  }

  Result<Difference> CompareData(int64_t got) {
    const std::string path = cursor_.Path();
    FLAMBEAU_ASSIGN_OR_RETURN(const int64_t wanted, cursor_.TakeInt64());
    if (got == wanted) return Difference();
    return Difference(Differs(path, std::to_string(got), std::to_string(wanted)));
  }

  Result<Difference> CompareData(double got) {
    const std::string path = cursor_.Path();
    FLAMBEAU_ASSIGN_OR_RETURN(const double wanted, cursor_.TakeDouble());
    if (IsClose(got, wanted, DType::kFp64)) return Difference();
    return Difference(Differs(path, Text(got), Text(wanted)));
  }

  Result<Difference> CompareData(const std::string& got) {
    const std::string path = cursor_.Path();
    FLAMBEAU_ASSIGN_OR_RETURN(const std::string wanted, cursor_.TakeString());
    if (got == wanted) return Difference();
    return Difference(path + " is another text than it should be");
  }

  Result<Difference> CompareData(const ValueList& list) { return CompareItems(list.items); }

  Result<Difference> CompareData(const ValueTuple& tuple) {
    if (tuple.names.size() != tuple.items.size() || tuple.items.empty()) {
      return CompareItems(tuple.items);
    }
    std::vector<const Value*> values;
    for (const Value& item : tuple.items) values.push_back(&item);
    return CompareMembers(tuple.names, values);
  }

  Result<Difference> CompareData(const ValueDict& dict) {
    std::vector<std::string> names;
    std::vector<const Value*> values;
    for (const ValueEntry& entry : dict.items) {
      names.push_back(entry.key);
      values.push_back(&entry.value);
    }
    return CompareMembers(names, values);
  }

  Result<Difference> CompareItems(const std::vector<Value>& items) {
    const std::string path = cursor_.Path();
    FLAMBEAU_RETURN_IF_ERROR(cursor_.EnterArray());
    size_t count = 0;
    while (true) {
      FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor_.NextElement());
      if (!more) break;
      if (count == items.size()) return OtherCount(path, items.size(), "more");
      FLAMBEAU_ASSIGN_OR_RETURN(Difference difference, CompareValue(items[count++]));
      if (difference) return difference;
    }
    if (count < items.size()) return OtherCount(path, items.size(), "fewer");
    return Difference();
  }

  static Difference OtherCount(const std::string& path, size_t count, const char* wanted) {
    return path + " has " + std::to_string(count) + " elements and should have " + wanted;
  }

  Result<Difference> CompareMembers(const std::vector<std::string>& names,
                                    const std::vector<const Value*>& values) {
    const std::string path = cursor_.Path();
    FLAMBEAU_RETURN_IF_ERROR(cursor_.EnterObject());
    size_t count = 0;
    while (true) {
      FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor_.NextKey());
      if (!more) break;
      const auto at = std::find(names.begin(), names.end(), cursor_.key());
      if (at == names.end()) return Difference(cursor_.Path() + " is missing");
      ++count;
      const auto index = static_cast<size_t>(at - names.begin());
      FLAMBEAU_ASSIGN_OR_RETURN(Difference difference, CompareValue(*values[index]));
      if (difference) return difference;
    }
    if (count < names.size()) return OtherCount(path, names.size(), "fewer");
    return Difference();
  }

  Result<Difference> CompareData(const Tensor& got) {
    const std::string path = cursor_.Path();
    FLAMBEAU_ASSIGN_OR_RETURN(const std::string_view raw, cursor_.TakeRaw());
    FLAMBEAU_ASSIGN_OR_RETURN(const Tensor wanted,
                              ParseTensor({raw}, got.dtype(), std::nullopt, path));
    const bool both_empty = ElementCount(got.shape()) == 0 && ElementCount(wanted.shape()) == 0;
    if (!both_empty && got.shape() != wanted.shape()) {
      return Difference(
          Differs(path, "of shape " + ToString(got.shape()), ToString(wanted.shape())));
    }
    if (got.dtype() == DType::kBytes) return CompareTexts(got, wanted, path);
    const size_t size = ItemSize(got.dtype());
    for (size_t at = 0; at < got.bytes(); at += size) {
      if (std::memcmp(got.data() + at, wanted.data() + at, size) == 0) continue;
      const double a = ReadElement(got.dtype(), got.data() + at);
      const double b = ReadElement(got.dtype(), wanted.data() + at);
      if (IsFloat(got.dtype()) && IsClose(a, b, got.dtype())) continue;
      const auto index = static_cast<int64_t>(at / size);
      return Difference(Differs(path + Indices(got.shape(), index), Text(a), Text(b)));
    }
    return Difference();
  }

  static Result<Difference> CompareTexts(const Tensor& got, const Tensor& wanted,
                                         const std::string& path) {
    FLAMBEAU_ASSIGN_OR_RETURN(const std::vector<std::string_view> a, BytesElements(got));
    FLAMBEAU_ASSIGN_OR_RETURN(const std::vector<std::string_view> b, BytesElements(wanted));
    const auto [at, other] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
    if (at == a.end()) return Difference();
    return Difference(path + Indices(got.shape(), at - a.begin()) +
                      " is another text than it should be");
  }

  bool IsClose(double got, double wanted, DType dtype) const {
    const double tolerance = tolerance_.value_or(DefaultTolerance(dtype));
    return std::fabs(got - wanted) <= tolerance * std::fabs(wanted) + tolerance / 10;
  }

  JsonCursor cursor_;
  const std::optional<double> tolerance_;
};

}  // namespace

Result<std::optional<std::string>> CompareAnswer(const Value& answer, PaddedJson response,
                                                 std::optional<double> tolerance) {
  return Comparison(response.text, tolerance).Compare(answer);
}

}  // namespace flambeau
