// When a call is made again: after UNAVAILABLE and RESOURCE_EXHAUSTED, the answers of a server that
// is starting, stopping or full. The Python client does the same.
#pragma once

#include <chrono>

namespace flambeau::client {

// `attempts` in all. The pause before the n-th retry is random, from 0 to initial * 2^(n-1), at
// most `maximum`, and not shorter than what the server asks for (gRPC's grpc-retry-pushback-ms). A
// pause that would outlast the call's deadline is not begun: the last error is the call's.
struct RetryPolicy {
  int attempts = 4;
  std::chrono::milliseconds initial{100};
  std::chrono::milliseconds maximum{2000};
};

inline constexpr RetryPolicy kNoRetry{1};

}  // namespace flambeau::client
