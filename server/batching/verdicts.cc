#include "batching/verdicts.h"

#include <utility>

namespace flambeau {
namespace {

Proof InitialProof(const Facts& facts, const MethodFacts& method, bool prove) {
  if (method.static_proof.verdict != Verdict::kProven) return method.static_proof;
  if (facts.writes_state) {
    return {Verdict::kRefused, "the model writes its attributes, so one request changes the next"};
  }
  if (!prove) return {Verdict::kUnproven, "the proof is switched off, so nothing is merged"};
  return {Verdict::kUnproven, "the proof waits for a first request to learn the shapes"};
}

}  // namespace

Verdicts::Verdicts(const Facts& facts, bool prove) {
  for (const MethodFacts& method : facts.methods) {
    Method entry;
    entry.provable =
        prove && !facts.writes_state && method.static_proof.verdict == Verdict::kProven;
    entry.initial = InitialProof(facts, method, prove);
    entry.initial.min_rank = method.static_proof.min_rank;
    entry.initial.min_ranks = method.static_proof.min_ranks;
    methods_.push_back(std::move(entry));
  }
}

Variant* Verdicts::Find(size_t method, std::string_view key) {
  Method& entry = methods_[method];
  if (!entry.provable) return nullptr;
  for (const auto& variant : entry.variants) {
    if (variant->key == key) return variant.get();
  }
  if (entry.variants.size() >= kMaxVariants) return nullptr;
  auto variant = std::make_unique<Variant>();
  variant->method = method;
  variant->key = std::string(key);
  variant->proof = entry.initial;
  entry.variants.push_back(std::move(variant));
  return entry.variants.back().get();
}

void Verdicts::Decide(Variant* variant, const Proof& proof, int64_t rows) {
  ++variant->attempts;
  variant->proof = proof;
  variant->proof.min_rank = Ranks(variant->method).min_rank;
  variant->proof.min_ranks = Ranks(variant->method).min_ranks;
  variant->proven_rows = proof.verdict == Verdict::kProven ? rows : 0;
  const bool again = proof.verdict == Verdict::kUnproven && variant->attempts < kMaxAttempts;
  variant->state = again ? Variant::State::kWanted : Variant::State::kDecided;
}

std::vector<KnownVerdict> Verdicts::Known() const {
  std::vector<KnownVerdict> known;
  for (const Method& method : methods_) {
    for (const auto& variant : method.variants) {
      if (variant->attempts == 0) continue;
      known.push_back({variant->method, variant->key, variant->proof, variant->proven_rows});
    }
  }
  return known;
}

Proof Verdicts::Summary(size_t method) const {
  const Method& entry = methods_[method];
  const Variant* best = nullptr;
  for (const auto& variant : entry.variants) {
    // Proven comes first in the enumeration, then refused.
    if (best == nullptr || variant->proof.verdict < best->proof.verdict) best = variant.get();
  }
  if (best == nullptr) return entry.initial;
  Proof proof = best->proof;
  if (best->state == Variant::State::kRunning && proof.verdict == Verdict::kUnproven) {
    proof.reason = "its proof runs, and nothing is merged until it has ended";
  }
  return proof;
}

}  // namespace flambeau
