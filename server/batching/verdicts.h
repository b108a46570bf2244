// What is known of each method's batching, and whose turn it is to be proven.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "backend/facts.h"
#include "batching/known_verdict.h"

namespace flambeau {

// A method with one set of present arguments, datatypes, ranks and non-tensor values: forward(x,
// true) may mix rows where forward(x, false) does not, so each is proven by itself.
struct Variant {
  enum class State {
    kWanted,   // the next request that succeeds is its template
    kRunning,  // a proof is queued or runs
    kDecided,
  };
  size_t method = 0;
  std::string key;
  State state = State::kWanted;
  int attempts = 0;
  Proof proof;
  int64_t proven_rows = 0;  // the largest batch that was tried; merging stops there
};

// Threads: one at a time (the scheduler's mutex). Lifetime: variants stay where they are until it
// is destroyed. Errors: none.
class Verdicts {
 public:
  // Beyond these a method's further variants are not merged: clients choose the values.
  static constexpr size_t kMaxVariants = 8;
  // Vacuous inputs are tried again with a later one, so often.
  static constexpr int kMaxAttempts = 3;

  // `prove` false, `writes_state` or the static gate: nothing of that method is ever merged.
  Verdicts(const Facts& facts, bool prove);

  // Null if the method cannot be merged or has its number of variants.
  Variant* Find(size_t method, std::string_view key);
  bool Provable(size_t method) const { return methods_[method].provable; }
  // Which ranks a request's tensors need to be merged; never changes, so it needs no lock.
  const Proof& Ranks(size_t method) const { return methods_[method].initial; }
  // Records a proof's result; a vacuous one is tried again.
  void Decide(Variant* variant, const Proof& proof, int64_t rows);
  // Every proof that has ended, of every method.
  std::vector<KnownVerdict> Known() const;
  // The best of its variants': proven if any is, else refused if any is.
  Proof Summary(size_t method) const;
  size_t methods() const { return methods_.size(); }

 private:
  struct Method {
    bool provable = false;
    Proof initial;
    std::vector<std::unique_ptr<Variant>> variants;
  };
  std::vector<Method> methods_;
};

}  // namespace flambeau
