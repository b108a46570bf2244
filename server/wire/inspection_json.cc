#include "wire/inspection_json.h"

#include <array>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

#include "absl/strings/escaping.h"

namespace flambeau {
namespace {

using Json = nlohmann::json;

constexpr std::array kSources = {FactSource::kUnknown, FactSource::kDeclared, FactSource::kGraph,
                                 FactSource::kObserved};
constexpr std::array kVerdicts = {Verdict::kProven, Verdict::kRefused, Verdict::kUnproven};

// The enumerator of that name. Throws, as nlohmann does; caught in DecodeInspection.
template <typename Enumerators>
auto Parse(const Json& name, const Enumerators& enumerators) {
  for (const auto one : enumerators) {
    if (Name(one) == name.get<std::string>()) return one;
  }
  throw std::invalid_argument("unknown name");
}

Json ToJson(const ResultFact& result) {
  const TensorFact& fact = result.tensor;
  Json json = {{"name", result.name},
               {"datatype", nullptr},
               {"datatype_source", Name(fact.dtype_source)},
               {"shape", nullptr},
               {"shape_source", Name(fact.dims_source)},
               {"evidence", fact.evidence}};
  if (fact.dtype) json["datatype"] = Name(*fact.dtype);
  if (fact.dims) json["shape"] = std::vector<int64_t>(fact.dims->begin(), fact.dims->end());
  return json;
}

ResultFact ToResult(const Json& json) {
  ResultFact result;
  result.name = json.at("name");
  TensorFact& fact = result.tensor;
  if (!json.at("datatype").is_null()) {
    fact.dtype = ParseDType(json.at("datatype").get<std::string>());
    if (!fact.dtype) throw std::invalid_argument("unknown datatype");
  }
  fact.dtype_source = Parse(json.at("datatype_source"), kSources);
  if (!json.at("shape").is_null()) {
    const std::vector<int64_t> dims = json.at("shape");
    fact.dims = Shape(dims.begin(), dims.end());
  }
  fact.dims_source = Parse(json.at("shape_source"), kSources);
  fact.evidence = json.at("evidence");
  return result;
}

// Ranks are not kept: they are the static gate's.
Json ToJson(const KnownVerdict& verdict) {
  return {{"method", verdict.method},
          {"variant", absl::BytesToHexString(verdict.variant)},
          {"verdict", Name(verdict.proof.verdict)},
          {"reason", verdict.proof.reason},
          {"rows", verdict.rows}};
}

KnownVerdict ToVerdict(const Json& json) {
  KnownVerdict verdict;
  verdict.method = json.at("method");
  verdict.variant = absl::HexStringToBytes(json.at("variant").get<std::string>());
  verdict.proof.verdict = Parse(json.at("verdict"), kVerdicts);
  verdict.proof.reason = json.at("reason");
  verdict.rows = json.at("rows");
  return verdict;
}

Json ToJson(const Tuned& tuned) {
  return {{"instances", tuned.instances},
          {"threads", tuned.threads},
          {"max_batch_size", tuned.max_batch_size},
          {"summary", tuned.summary}};
}

Tuned ToTuned(const Json& json) {
  return {json.at("instances"), json.at("threads"), json.at("max_batch_size"), json.at("summary")};
}

Json ToJson(const SeenShapes& seen) {
  Json methods = Json::array();
  for (const SeenArguments& method : seen) {
    Json& arguments = methods.emplace_back(Json::array());
    for (const std::optional<SeenTensor>& tensor : method) {
      Json& one = arguments.emplace_back(nullptr);
      if (!tensor) continue;
      one = {{"datatype", Name(tensor->dtype)},
             {"shape", std::vector<int64_t>(tensor->dims.begin(), tensor->dims.end())}};
    }
  }
  return methods;
}

SeenTensor ToSeenTensor(const Json& json) {
  const std::optional<DType> dtype = ParseDType(json.at("datatype").get<std::string>());
  const std::vector<int64_t> dims = json.at("shape");
  if (!dtype || dims.empty()) throw std::invalid_argument("not a tensor");
  return {*dtype, Shape(dims.begin(), dims.end())};
}

SeenShapes ToSeenShapes(const Json& json) {
  SeenShapes seen;
  for (const Json& method : json) {
    SeenArguments& arguments = seen.emplace_back();
    for (const Json& tensor : method) {
      std::optional<SeenTensor>& one = arguments.emplace_back();
      if (!tensor.is_null()) one = ToSeenTensor(tensor);
    }
  }
  return seen;
}

Inspection ToInspection(const Json& json) {
  Inspection inspection;
  for (const Json& method : json.at("results")) {
    std::vector<ResultFact>& results = inspection.results.emplace_back();
    for (const Json& result : method) results.push_back(ToResult(result));
  }
  for (const Json& verdict : json.at("verdicts")) {
    inspection.verdicts.push_back(ToVerdict(verdict));
  }
  for (const Json& one : json.at("optimizations")) {
    inspection.optimizations.Add(Parse(one, kOptimizations));
  }
  inspection.tuned = ToTuned(json.at("tuned"));
  inspection.seen = ToSeenShapes(json.at("seen"));
  inspection.notes = json.at("notes").get<std::vector<std::string>>();
  return inspection;
}

}  // namespace

std::string EncodeInspection(const Inspection& inspection) {
  Json json = {{"results", Json::array()},        {"verdicts", Json::array()},
               {"optimizations", Json::array()},  {"tuned", ToJson(inspection.tuned)},
               {"seen", ToJson(inspection.seen)}, {"notes", inspection.notes}};
  for (const auto& method : inspection.results) {
    Json results = Json::array();
    for (const ResultFact& result : method) results.push_back(ToJson(result));
    json["results"].push_back(std::move(results));
  }
  for (const KnownVerdict& verdict : inspection.verdicts) {
    json["verdicts"].push_back(ToJson(verdict));
  }
  for (const Optimization one : kOptimizations) {
    if (inspection.optimizations.Has(one)) json["optimizations"].push_back(Name(one));
  }
  // A model's own words may hold bytes that are not UTF-8; they must not end the program.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Inspection> DecodeInspection(std::string_view text) {
  try {
    return ToInspection(Json::parse(text));
  } catch (const std::exception&) {
    return InvalidArgument("This is not the JSON of an inspection.");
  }
}

std::string EncodeSeenShapes(const SeenShapes& seen) { return ToJson(seen).dump(); }

Result<SeenShapes> DecodeSeenShapes(std::string_view text) {
  try {
    return ToSeenShapes(Json::parse(text));
  } catch (const std::exception&) {
    return InvalidArgument("This is not the JSON of shapes.");
  }
}

}  // namespace flambeau
