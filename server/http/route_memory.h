// Remembers where paths led, so that cpp-httplib reads each of a client's usual paths once.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "http/router.h"

namespace flambeau {

// Asks `router` what it does not remember. Only what a handler answers is kept, in a fixed number
// of places for short paths, so that clients cannot fill memory; a new path takes an old one's.
// Threads: one. Lifetime: `router` outlives it, and its routes never change. Errors: as
// Router::Find.
class RouteMemory {
 public:
  explicit RouteMemory(Router* router) : router_(router) {}

  RouteMatch Find(std::string_view method, std::string_view path);

 private:
  struct Place {
    std::string method;
    std::string path;
    RouteMatch match;  // of no handler: the place is free
  };

  Router* const router_;
  std::array<Place, 64> places_;
};

}  // namespace flambeau
