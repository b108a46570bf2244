// What one call does differently from its client.
#pragma once

#include <chrono>
#include <optional>

#include "flambeau/cancellation.h"
#include "flambeau/retry.h"

namespace flambeau::client {

struct CallOptions {
  // From now to the answer, all attempts together; sent along, so that the server gives up too.
  // Nothing: the client's call_timeout.
  std::optional<std::chrono::milliseconds> timeout = std::nullopt;
  // Nothing: the client's, or none where a second attempt might do harm.
  std::optional<RetryPolicy> retry = std::nullopt;
  std::optional<Cancellation> cancellation = std::nullopt;
};

}  // namespace flambeau::client
