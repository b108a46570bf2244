// What is claimed of a method's arguments while its graph is walked.
#pragma once

#include <ATen/core/Tensor.h>

#include <bitset>
#include <optional>
#include <string>
#include <vector>

#include "backend/facts.h"
#include "backend/torch/argument_flow.h"

namespace flambeau {

struct Claim {
  std::bitset<kCandidates> alive = std::bitset<kCandidates>().set();
  std::optional<DType> preferred;
  std::optional<std::vector<int64_t>> dims;
  bool any_rank = false;
  int min_rank = 1;
  std::optional<int64_t> limit;
  std::string type_evidence;
  std::string dims_evidence;
  bool contradicted = false;  // two operators want what no request can give
};
using Claims = std::vector<Claim>;

// The operator takes only `wanted` (the first is the one to show) at the value of `flow`.
void DemandTypes(const ArgumentFlow& flow, const std::vector<c10::ScalarType>& wanted,
                 const std::string& evidence, Claim& claim);
// The value has exactly `dims` (-1: any).
void DemandDims(const ArgumentFlow& flow, const std::vector<int64_t>& dims,
                const std::string& evidence, Claim& claim);
// The value's last dimension is `last`; the rank may be any, usually that of `usual`.
void DemandLast(const ArgumentFlow& flow, int64_t last, size_t usual_rank,
                const std::string& evidence, Claim& claim);

// The value has a dimension `dim`.
void DemandDimension(const ArgumentFlow& flow, int64_t dim, Claim& claim);

// What holds whichever branch is taken.
Claims EitherClaims(const Claims& a, const Claims& b);

// What holds of the argument though its rank may be that of any of `claims`, whose dimensions are
// exact; `any` is what was found without a rank.
Claim AnyRankClaim(const Claim& any, const std::vector<Claim>& claims);

TensorFact ToFact(const Claim& claim);

}  // namespace flambeau
