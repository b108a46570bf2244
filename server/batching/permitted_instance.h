// An instance whose every run takes core permits first: for runs that no worker's loop guards.
#pragma once

#include <memory>
#include <span>
#include <utility>

#include "backend/backend.h"
#include "batching/core_permits.h"

namespace flambeau {

// Threads: as Instance. Lifetime: `instance` and `permits` outlive it. Errors: none of its own.
class PermittedInstance final : public Instance {
 public:
  PermittedInstance(Instance* instance, CorePermits* permits, int count)
      : instance_(instance), permits_(permits), count_(count) {}

  RunTiming Run(std::span<const Item> items, Sink& sink) override {
    permits_->Acquire(count_);
    const RunTiming timing = instance_->Run(items, sink);
    permits_->Release(count_);
    return timing;
  }

 private:
  Instance* const instance_;
  CorePermits* const permits_;
  const int count_;
};

}  // namespace flambeau
