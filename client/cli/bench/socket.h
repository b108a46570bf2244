// TCP connections of the load generator.
#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace flambeau::client {

// Owns a file descriptor. Threads: one at a time. Lifetime: closes it. Errors: none.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor();

  bool valid() const { return number_ >= 0; }
  int get() const { return number_; }

 private:
  int number_ = -1;
};

// The address of "http://host:port".
struct HttpAddress {
  std::string host;
  std::string port;
};

// Errors: INVALID_ARGUMENT, one sentence.
absl::StatusOr<HttpAddress> ParseHttpAddress(const std::string& url);

// Non-blocking, without Nagle's delay. Errors: UNAVAILABLE.
absl::StatusOr<Descriptor> Connect(const HttpAddress& address, std::chrono::milliseconds timeout);

// As many files as the system lets this process have.
void RaiseFileLimit();

}  // namespace flambeau::client
