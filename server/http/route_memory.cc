#include "http/route_memory.h"

#include <functional>

namespace flambeau {
namespace {

constexpr size_t kLongestPath = 512;

}  // namespace

RouteMatch RouteMemory::Find(std::string_view method, std::string_view path) {
  if (path.size() > kLongestPath) return router_->Find(method, path);
  Place& place = places_[std::hash<std::string_view>{}(path) % places_.size()];
  if (place.match.handler != nullptr && place.path == path && place.method == method) {
    return place.match;
  }
  RouteMatch match = router_->Find(method, path);
  if (match.handler != nullptr) place = {std::string(method), std::string(path), match};
  return match;
}

}  // namespace flambeau
