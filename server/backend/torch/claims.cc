#include "backend/torch/claims.h"

#include <algorithm>
#include <utility>

#include "backend/torch/convert.h"

namespace flambeau {
namespace {

bool Takes(const AfterType& after, const std::vector<c10::ScalarType>& wanted) {
  if (after.state == AfterType::State::kUnknown) return true;
  return after.state == AfterType::State::kKnown &&
         std::find(wanted.begin(), wanted.end(), after.type) != wanted.end();
}

bool IsAlive(const Claim& claim, DType dtype) {
  for (size_t i = 0; i < kCandidates; ++i) {
    if (Candidate(i) == dtype) return claim.alive.test(i);
  }
  return false;
}

// Two sets of exact dimensions; false if no request can have both.
bool Merge(const std::vector<int64_t>& other, std::vector<int64_t>& dims) {
  if (dims.size() != other.size()) return false;
  for (size_t i = 0; i < dims.size(); ++i) {
    if (dims[i] == -1) dims[i] = other[i];
    if (other[i] != -1 && other[i] != dims[i]) return false;
  }
  return true;
}

Claim Either(const Claim& a, const Claim& b) {
  Claim both;
  both.contradicted = a.contradicted || b.contradicted;
  both.alive = a.alive | b.alive;
  both.min_rank = std::min(a.min_rank, b.min_rank);
  if (a.preferred == b.preferred) {
    both.preferred = a.preferred;
    both.type_evidence = a.type_evidence;
  }
  if (a.dims && b.dims && a.any_rank == b.any_rank && a.dims->size() == b.dims->size()) {
    both.dims = a.dims;
    both.any_rank = a.any_rank;
    both.dims_evidence = a.dims_evidence;
    for (size_t i = 0; i < both.dims->size(); ++i) {
      if ((*a.dims)[i] != (*b.dims)[i]) (*both.dims)[i] = -1;
    }
    // Of any rank and without a last dimension, nothing is left to say.
    if (both.any_rank && both.dims->back() == -1) both.dims.reset();
  }
  if (a.limit && b.limit) both.limit = std::max(*a.limit, *b.limit);
  return both;
}

}  // namespace

void DemandTypes(const ArgumentFlow& flow, const std::vector<c10::ScalarType>& wanted,
                 const std::string& evidence, Claim& claim) {
  for (size_t i = 0; i < kCandidates; ++i) {
    if (!Takes(flow.types[i], wanted)) claim.alive.reset(i);
  }
  claim.contradicted = claim.contradicted || claim.alive.none();
  if (claim.type_evidence.empty()) claim.type_evidence = evidence;
  if (claim.preferred && IsAlive(claim, *claim.preferred)) return;
  const std::optional<DType> natural = ToDType(wanted.front());
  claim.preferred.reset();
  for (const std::optional<DType> dtype : {natural, std::optional<DType>(DType::kFp32)}) {
    if (dtype && IsAlive(claim, *dtype)) {
      claim.preferred = dtype;
      return;
    }
  }
}

void DemandDims(const ArgumentFlow& flow, const std::vector<int64_t>& dims,
                const std::string& evidence, Claim& claim) {
  if (flow.rank != ArgumentFlow::kUnknown && flow.rank != static_cast<int>(dims.size())) {
    claim.contradicted = true;
    return;
  }
  const auto mine = flow.ArgumentDims(dims);
  if (!mine) {
    if (flow.last_same && dims.back() != -1) {
      DemandLast(flow, dims.back(), dims.size(), evidence, claim);
    }
    return;
  }
  if (!claim.dims || claim.any_rank) {
    std::vector<int64_t> exact = *mine;
    if (claim.dims && exact.size() > 1) {  // of any rank: its last dimension still holds
      const int64_t last = claim.dims->back();
      if (exact.back() == -1) exact.back() = last;
      if (exact.back() != last) claim.contradicted = true;
    }
    claim.dims = std::move(exact);
    claim.any_rank = false;
    claim.dims_evidence = evidence;
    return;
  }
  if (!Merge(*mine, *claim.dims)) claim.contradicted = true;
}

void DemandLast(const ArgumentFlow& flow, int64_t last, size_t usual_rank,
                const std::string& evidence, Claim& claim) {
  if (!flow.last_same || last < 0) return;
  if (flow.rank > 0) {
    std::vector<int64_t> dims(static_cast<size_t>(flow.rank), -1);
    dims.back() = last;
    if (const auto mine = flow.ArgumentDims(dims)) {
      // The batch itself would have to be of that size: not a batch.
      if (mine->size() == 1) claim.contradicted = true;
      return DemandDims(flow, dims, evidence, claim);
    }
  }
  if (!claim.dims) {
    const auto least = std::max<size_t>(2, static_cast<size_t>(flow.min_rank));
    claim.dims = std::vector<int64_t>(std::max(usual_rank, least), -1);
    claim.dims->back() = last;
    claim.any_rank = true;
    claim.dims_evidence = evidence;
    return;
  }
  if (claim.dims->size() > 1 && claim.dims->back() == -1) claim.dims->back() = last;
  if (claim.dims->back() != last && claim.dims->size() > 1) claim.contradicted = true;
}

void DemandDimension(const ArgumentFlow& flow, int64_t dim, Claim& claim) {
  if (!flow.shape_known) return;
  claim.min_rank = std::max(claim.min_rank, static_cast<int>(dim) + 1 - flow.grown);
}

Claim AnyRankClaim(const Claim& any, const std::vector<Claim>& claims) {
  if (claims.empty()) return any;
  Claim all = claims.front();
  for (const Claim& claim : claims) all = Either(all, claim);
  if (!all.preferred) {
    all.preferred = any.preferred;
    all.type_evidence = any.type_evidence;
  }
  all.limit = any.limit;
  all.dims = any.dims;
  all.any_rank = any.any_rank;
  all.dims_evidence = any.dims_evidence;
  if (any.dims) return all;
  const Claim* usual = &claims.front();  // the largest: with the batch
  for (const Claim& claim : claims) {
    if (!claim.dims || claim.dims->back() == -1) return all;
    if (claim.dims->back() != claims.front().dims->back()) return all;
    if (claim.dims->size() > usual->dims->size()) usual = &claim;
  }
  all.dims = std::vector<int64_t>(usual->dims->size(), -1);
  all.dims->back() = usual->dims->back();
  all.any_rank = true;
  all.dims_evidence = usual->dims_evidence;
  return all;
}

Claims EitherClaims(const Claims& a, const Claims& b) {
  Claims both;
  for (size_t i = 0; i < a.size(); ++i) both.push_back(Either(a[i], b[i]));
  return both;
}

TensorFact ToFact(const Claim& claim) {
  TensorFact fact;
  if (claim.contradicted) return fact;
  if (claim.preferred) {
    fact.dtype = claim.preferred;
    fact.dtype_source = FactSource::kGraph;
    fact.evidence = claim.type_evidence;
    if (!claim.alive.all()) {
      for (size_t i = 0; i < kCandidates; ++i) {
        if (claim.alive.test(i)) fact.accepted.push_back(Candidate(i));
      }
    }
  }
  if (claim.dims) {
    fact.dims = Shape(claim.dims->begin(), claim.dims->end());
    fact.dims_source = FactSource::kGraph;
    fact.any_rank = claim.any_rank;
    fact.evidence = claim.dims_evidence;
  }
  fact.index_limit = claim.limit;
  return fact;
}

}  // namespace flambeau
