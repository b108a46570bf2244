// RESOURCE_EXHAUSTED for want of memory, told apart from a client that asks too often: trying again
// later is no cure for it.
#pragma once

#include <string>

#include "absl/strings/cord.h"
#include "base/status.h"

namespace flambeau {

inline constexpr char kNoMemoryPayload[] = "flambeau.no_memory";

inline Status NoMemory(const std::string& sentence) {
  Status status = ResourceExhausted(sentence);
  status.SetPayload(kNoMemoryPayload, absl::Cord());
  return status;
}

inline bool IsNoMemory(const Status& status) {
  return status.GetPayload(kNoMemoryPayload).has_value();
}

}  // namespace flambeau
