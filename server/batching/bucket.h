// Which requests may share a run: those whose keys are equal.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/container/inlined_vector.h"
#include "batching/scheduler.h"

namespace flambeau {

// The method, each argument's kind, tensors' datatypes and ranks and the values of everything else
// (the "variant", which the proof is about), then tensors' dimensions after the first. Made once
// per request, before any lock; no allocation for a common signature.
// Threads: any, once made. Lifetime: a value. Errors: none.
class BucketKey {
 public:
  // `rows`: dimension 0 of the tensor arguments; 0 if the work cannot be merged with any other: no
  // tensor, one of a smaller rank than `proof` needs, different or zero dimensions 0, BYTES, or
  // tensors in a list.
  static BucketKey Of(const Work& work, const Proof& proof, int64_t* rows);

  std::string_view bytes() const { return {bytes_.data(), bytes_.size()}; }
  std::string_view variant() const { return bytes().substr(0, variant_size_); }
  size_t hash() const { return hash_; }
  bool operator==(const BucketKey& other) const { return bytes() == other.bytes(); }

 private:
  friend class KeyWriter;
  absl::InlinedVector<char, 104> bytes_;
  size_t variant_size_ = 0;
  size_t hash_ = 0;
};

struct BucketKeyHash {
  size_t operator()(const BucketKey& key) const { return key.hash(); }
};

}  // namespace flambeau
