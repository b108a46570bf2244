// Collects what an instance delivers for the items of one run.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

#include "backend/backend.h"

namespace flambeau {

// For now only an item's last result counts; those before it are dropped (nothing streams yet).
// Threads: as Sink; read once Run has returned. Lifetime: one run. Errors: an item without a last
// result reads as INTERNAL.
class ResultSlots final : public Sink {
 public:
  void Reset(size_t items) {
    slots_.clear();
    slots_.resize(items);
  }

  void Deliver(size_t item, Result<Value> result, bool last) override {
    if (last && item < slots_.size() && !slots_[item]) slots_[item] = std::move(result);
  }

  Result<Value> Take(size_t item) {
    if (!slots_[item]) return Internal("the model gave no answer; see the server's log");
    return *std::move(slots_[item]);
  }

 private:
  std::vector<std::optional<Result<Value>>> slots_;
};

}  // namespace flambeau
