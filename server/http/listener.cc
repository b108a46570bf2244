#include "http/listener.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "http/acceptor.h"
#include "http/event_loop.h"
#include "http/router.h"
#include "http/socket.h"

namespace flambeau {
namespace {

class EpollListener final : public HttpListener {
 public:
  EpollListener(std::unique_ptr<Router> router, std::vector<std::unique_ptr<EventLoop>> loops,
                int port)
      : router_(std::move(router)), loops_(std::move(loops)), port_(port) {}
  ~EpollListener() override { EpollListener::Stop(); }

  void Start(const std::string& name) {
    for (size_t i = 0; i < loops_.size(); ++i) {
      loops_[i]->Start(name + "-io-" + std::to_string(i));
    }
  }

  int port() const override { return port_; }

  size_t connections() const override {
    size_t total = 0;
    for (const auto& loop : loops_) total += loop->load()->connections.load();
    return total;
  }

  void BeginDrain() override { Order(LoopOrder::kDrain); }

  // In this order: a loop that drains has counted the connections that it dealt to others.
  bool Drained() const override {
    return std::all_of(loops_.begin(), loops_.end(),
                       [](const auto& loop) { return loop->draining(); }) &&
           connections() == 0;
  }

  void Stop() override {
    Order(LoopOrder::kStop);
    for (const auto& loop : loops_) loop->Join();
  }

 private:
  void Order(LoopOrder order) {
    for (const auto& loop : loops_) loop->load()->mailbox->Post(order);
  }

  const std::unique_ptr<Router> router_;
  const std::vector<std::unique_ptr<EventLoop>> loops_;
  const int port_;
};

size_t BodyMemory(const HttpListener::Options& options) {
  constexpr size_t kLeast = size_t{1} << 30;
  constexpr size_t kBodies = 16;
  if (options.max_body_memory > 0) return options.max_body_memory;
  return std::max(kLeast, kBodies * options.max_request_bytes);
}

}  // namespace

Result<std::unique_ptr<HttpListener>> HttpListener::Create(const Options& options,
                                                           std::vector<HttpRoute> routes,
                                                           Clock* clock, Log* log) {
  FLAMBEAU_ASSIGN_OR_RETURN(std::unique_ptr<Router> router, Router::Create(std::move(routes)));
  FLAMBEAU_ASSIGN_OR_RETURN(UniqueFd listening, ListenOn(options.host, options.port));
  const int port = LocalPort(listening.get());
  const auto budget = std::make_shared<BodyBudget>(BodyMemory(options));
  std::vector<std::unique_ptr<EventLoop>> loops;
  std::vector<std::shared_ptr<LoopLoad>> loads;
  for (int i = 0; i < std::max(1, options.io_threads); ++i) {
    FLAMBEAU_ASSIGN_OR_RETURN(std::unique_ptr<EventLoop> loop,
                              EventLoop::Create(options, {router.get(), clock, log, budget}));
    loads.push_back(loop->load());
    loops.push_back(std::move(loop));
  }
  const Acceptor::Options acceptor{options.name, options.max_connections};
  FLAMBEAU_RETURN_IF_ERROR(loops.front()->Listen(
      std::make_unique<Acceptor>(std::move(listening), acceptor, std::move(loads), log)));
  auto listener = std::make_unique<EpollListener>(std::move(router), std::move(loops), port);
  try {
    listener->Start(options.name);
  } catch (const std::system_error&) {
    return Unavailable("The system has no threads left for the listener.");
  }
  return std::unique_ptr<HttpListener>(std::move(listener));
}

}  // namespace flambeau
