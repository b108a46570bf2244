#include "backend/facts.h"

#include "backend/fact_rules.h"

namespace flambeau {

std::string_view Name(FactSource source) {
  switch (source) {
    case FactSource::kUnknown:
      return "unknown";
    case FactSource::kDeclared:
      return "declared";
    case FactSource::kGraph:
      return "graph";
    case FactSource::kObserved:
      return "observed";
  }
  return "unknown";
}

std::string_view Name(Verdict verdict) {
  switch (verdict) {
    case Verdict::kProven:
      return "proven";
    case Verdict::kRefused:
      return "refused";
    case Verdict::kUnproven:
      return "unproven";
  }
  return "unproven";
}

std::string_view Name(ValueKind kind) {
  switch (kind) {
    case ValueKind::kTensor:
      return "tensor";
    case ValueKind::kBool:
      return "bool";
    case ValueKind::kInt:
      return "int";
    case ValueKind::kFloat:
      return "float";
    case ValueKind::kString:
      return "str";
    case ValueKind::kList:
      return "list";
    case ValueKind::kDict:
      return "dict";
    case ValueKind::kTuple:
      return "tuple";
    case ValueKind::kOther:
      return "other";
  }
  return "other";
}

bool IsFirm(FactSource source) {
  return source == FactSource::kDeclared || source == FactSource::kGraph;
}

std::optional<DType> ScalarDType(ValueKind kind) {
  switch (kind) {
    case ValueKind::kBool:
      return DType::kBool;
    case ValueKind::kInt:
      return DType::kInt64;
    case ValueKind::kFloat:
      return DType::kFp64;
    case ValueKind::kString:
      return DType::kBytes;
    default:
      return std::nullopt;
  }
}

}  // namespace flambeau
