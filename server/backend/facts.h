// What is known about a model, and how it is known.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "backend/optimizations.h"
#include "tensor/dtype.h"
#include "tensor/shape.h"

namespace flambeau {

// Where a fact comes from. Only kDeclared and kGraph facts refuse a request; kObserved ones (a
// request that worked) are shown, and widen, never narrow.
enum class FactSource { kUnknown, kDeclared, kGraph, kObserved };

struct TensorFact {
  // The datatype to show and to convert JSON numbers to; nothing while unknown.
  std::optional<DType> dtype;
  FactSource dtype_source = FactSource::kUnknown;
  // Datatypes that a request may use; empty: any. Includes `dtype` if not empty.
  std::vector<DType> accepted;

  // All dimensions, the batch one included, -1 for one that is not known; nothing while even the
  // rank is unknown.
  std::optional<Shape> dims;
  FactSource dims_source = FactSource::kUnknown;
  // The operator takes any rank of 1 or more: only the last of `dims` is certain, the rank shown is
  // the usual one and refuses nothing.
  bool any_rank = false;

  // Integers index a table of this many rows (aten::embedding); nothing if not known.
  std::optional<int64_t> index_limit;

  // The operator that tells, for people: "aten::linear, weight [5,10]".
  std::string evidence;
};

// kOther: no protocol carries it.
enum class ValueKind { kTensor, kBool, kInt, kFloat, kString, kList, kDict, kTuple, kOther };

struct ArgumentFact {
  std::string name;
  std::string type;  // as TorchScript writes it: "Tensor", "Optional[Tensor]", "bool"
  ValueKind kind = ValueKind::kTensor;
  // Of a list or a dict (whose keys are str): what its elements are. Of a tuple: each of them in
  // order, a NamedTuple's with their names. Else empty.
  std::vector<ArgumentFact> elements = {};
  bool optional = false;     // None is accepted
  bool has_default = false;  // may be absent
  std::string default_text;  // the default as TorchScript writes it, for people
  TensorFact tensor;         // if kind is kTensor
};

struct ResultFact {
  std::string name;  // as tensor/value.h Flatten names it
  TensorFact tensor;
};

enum class Verdict { kProven, kRefused, kUnproven };

// May requests be merged into one run? Only kProven ones are.
struct Proof {
  Verdict verdict = Verdict::kUnproven;
  std::string reason;  // one sentence, always set unless proven
  // Holds for tensor arguments of at least this rank (a softmax over the last dimension mixes the
  // rows of a vector): requests with a smaller one are not merged.
  int min_rank = 1;
  // The same by argument, where that is known: then it decides, and `min_rank` is the largest.
  std::vector<int> min_ranks = {};
};

// One method's signature.
struct MethodFacts {
  std::string name;  // "forward"
  std::vector<ArgumentFact> arguments;
  std::string result_type;          // as TorchScript writes it
  std::vector<ResultFact> results;  // empty while unknown
  // What the static gate says: kRefused and kUnproven are final; kProven means that the dynamic
  // gate has yet to confirm it.
  Proof static_proof;
  // A text of the method's IR, for `inspect`; empty where the backend has none.
  std::string code;
  std::string graph;
};

struct Facts {
  std::string platform;              // "pytorch_torchscript"
  std::string device;                // "cpu", "cuda:0"
  std::vector<MethodFacts> methods;  // "forward" first
  // Methods write attributes: one instance, no merging, no retry, no cache.
  bool writes_state = false;
  int64_t parameter_bytes = 0;
  Optimizations optimizations;     // applied
  std::string manifest;            // the flambeau.json inside the file; empty if it has none
  std::vector<std::string> notes;  // what was done or skipped and why, for people
};

std::string_view Name(FactSource source);  // "unknown", "declared", "graph", "observed"
std::string_view Name(Verdict verdict);    // "proven", "refused", "unproven"
std::string_view Name(ValueKind kind);     // "tensor", "bool", "int", "float", "str", "list", ...

}  // namespace flambeau
