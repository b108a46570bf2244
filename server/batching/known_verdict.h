// What a proof has told, in a form that outlives its scheduler and its process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "backend/facts.h"

namespace flambeau {

struct KnownVerdict {
  size_t method = 0;
  std::string variant;  // bytes, as BucketKey::variant()
  Proof proof;
  int64_t rows = 0;  // the largest batch that was tried, if proven
};

}  // namespace flambeau
