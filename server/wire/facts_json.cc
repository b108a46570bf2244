#include "wire/facts_json.h"

#include <nlohmann/json.hpp>

namespace flambeau {
namespace {

using Json = nlohmann::ordered_json;

// nlohmann takes std::string; Name() answers views.
std::string Text(std::string_view view) { return std::string(view); }

Json DatatypeFact(const TensorFact& fact) {
  Json accepted = Json::array();
  for (const DType dtype : fact.accepted) accepted.push_back(Text(Name(dtype)));
  return {{"value", fact.dtype ? Json(Text(Name(*fact.dtype))) : Json()},
          {"source", Text(Name(fact.dtype_source))},
          {"accepted", std::move(accepted)}};
}

Json ShapeFact(const TensorFact& fact) {
  Json dims;
  if (fact.dims) dims = std::vector<int64_t>(fact.dims->begin(), fact.dims->end());
  return {{"value", std::move(dims)}, {"source", Text(Name(fact.dims_source))}};
}

void AddTensor(const TensorFact& fact, Json* out) {
  (*out)["datatype"] = DatatypeFact(fact);
  (*out)["shape"] = ShapeFact(fact);
  if (fact.index_limit) (*out)["index_limit"] = *fact.index_limit;
  (*out)["evidence"] = fact.evidence;
}

Json Argument(const ArgumentFact& argument);

Json Elements(const ArgumentFact& argument) {
  Json elements = Json::array();
  for (const ArgumentFact& element : argument.elements) elements.push_back(Argument(element));
  return elements;
}

Json Argument(const ArgumentFact& argument) {
  Json json = {{"name", argument.name},
               {"type", argument.type},
               {"kind", Text(Name(argument.kind))},
               {"optional", argument.optional},
               {"default", argument.has_default ? Json(argument.default_text) : Json()}};
  if (argument.kind == ValueKind::kTensor) AddTensor(argument.tensor, &json);
  if (!argument.elements.empty()) json["elements"] = Elements(argument);
  return json;
}

Json Method(const MethodFacts& method, const Proof& proof) {
  Json arguments = Json::array();
  for (const ArgumentFact& argument : method.arguments) arguments.push_back(Argument(argument));
  Json results = Json::array();
  for (const ResultFact& result : method.results) {
    Json json = {{"name", result.name}};
    AddTensor(result.tensor, &json);
    results.push_back(std::move(json));
  }
  return {{"name", method.name},
          {"arguments", std::move(arguments)},
          {"result_type", method.result_type},
          {"results", std::move(results)},
          {"batching", {{"verdict", Text(Name(proof.verdict))}, {"reason", proof.reason}}},
          {"code", method.code},
          {"graph", method.graph}};
}

}  // namespace

std::string EncodeFacts(const Facts& facts, const std::vector<Proof>& proofs) {
  Json methods = Json::array();
  for (size_t i = 0; i < facts.methods.size(); ++i) {
    methods.push_back(
        Method(facts.methods[i], i < proofs.size() ? proofs[i] : facts.methods[i].static_proof));
  }
  const Json json = {{"platform", facts.platform},
                     {"device", facts.device},
                     {"parameter_bytes", facts.parameter_bytes},
                     {"writes_state", facts.writes_state},
                     {"optimizations", ToString(facts.optimizations)},
                     {"notes", facts.notes},
                     {"methods", std::move(methods)}};
  // A model's code may hold bytes that are not UTF-8; they must not end the program.
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace flambeau
