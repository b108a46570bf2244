// Load over HTTP/1.1 with keep-alive: one epoll loop, the request's bytes made beforehand.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "cli/bench/driver.h"
#include "cli/bench/socket.h"

namespace flambeau::client {

struct HttpDriverOptions {
  HttpAddress address;
  std::string request;  // head and body
  int connections = 1;  // one for each request in flight
  std::chrono::milliseconds connect_timeout{5000};
};

std::unique_ptr<Driver> MakeHttpDriver(HttpDriverOptions options);

}  // namespace flambeau::client
