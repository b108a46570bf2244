// What the connections of one event loop share.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "batching/leader.h"
#include "http/body_budget.h"
#include "http/deadlines.h"
#include "http/listener.h"
#include "http/mailbox.h"
#include "http/request_id.h"
#include "http/route_memory.h"
#include "http/router.h"

namespace flambeau {

// Threads: the loop's own; `draining` is read by any. Lifetime: outlives its connections. Errors:
// none.
struct LoopContext {
  HttpListener::Options options;
  Router* router;
  Clock* clock;
  Log* log;
  std::shared_ptr<Mailbox> mailbox;
  std::shared_ptr<BodyBudget> body_budget;
  RouteMemory routes{router};
  Leader leader{};
  Deadlines deadlines{};
  RequestIdSource request_ids{};
  std::vector<char> scratch = std::vector<char>(size_t{64} << 10);  // what recv fills
  TimePoint now{};                     // read once per turn of the loop
  std::string date{};                  // of `now`, for the Date header
  uint64_t tickets = 0;                // the last one given to a request
  std::atomic<bool> draining = false;  // no new connection comes from outside
};

}  // namespace flambeau
