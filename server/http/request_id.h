// The id that a request carries through the logs and back to its client.
#pragma once

#include <cstdint>
#include <string>

namespace flambeau {

// Makes ids that differ between processes, loops and requests.
// Threads: one. Lifetime: any. Errors: none.
class RequestIdSource {
 public:
  RequestIdSource();
  std::string Next();

 private:
  uint64_t state_;
};

}  // namespace flambeau
