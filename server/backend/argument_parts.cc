#include "backend/argument_parts.h"

#include <utility>

#include "backend/fact_rules.h"

namespace flambeau {
namespace {

void AddParts(const ArgumentFact& argument, std::vector<ArgumentFact>* parts) {
  if (!IsNested(argument)) {
    parts->push_back(argument);
    return;
  }
  for (size_t i = 0; i < argument.elements.size(); ++i) {
    ArgumentFact element = argument.elements[i];
    element.name = argument.kind == ValueKind::kDict ? argument.name + ".*" : ItemName(argument, i);
    element.optional = element.optional || argument.optional || argument.has_default;
    AddParts(element, parts);
  }
}

}  // namespace

std::optional<ValueKind> ListElement(const ArgumentFact& argument) {
  if (argument.kind != ValueKind::kList || argument.elements.size() != 1) return std::nullopt;
  const ArgumentFact& element = argument.elements.front();
  if (element.optional || !ScalarDType(element.kind)) return std::nullopt;
  return element.kind;
}

bool IsNested(const ArgumentFact& argument) {
  return !argument.elements.empty() && !ListElement(argument);
}

std::string ItemName(const ArgumentFact& argument, size_t i) {
  const bool is_tuple = argument.kind == ValueKind::kTuple && i < argument.elements.size();
  const std::string field = is_tuple ? argument.elements[i].name : "";
  return argument.name + (field.empty() ? "[" + std::to_string(i) + "]" : "." + field);
}

std::vector<ArgumentFact> PartsOf(const ArgumentFact& argument) {
  std::vector<ArgumentFact> parts;
  AddParts(argument, &parts);
  return parts;
}

}  // namespace flambeau
