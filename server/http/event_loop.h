// One I/O thread: waits for its sockets, its mailbox and its deadlines, and serves each in turn.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "base/thread.h"
#include "http/acceptor.h"
#include "http/connection.h"
#include "http/loop_context.h"

namespace flambeau {

// Threads: Create, Start, Join from one, draining from any; everything else is its own thread's.
// Orders reach it through the mailbox. Lifetime: Join after LoopOrder::kStop was posted. Errors:
// Create: UNAVAILABLE without descriptors. Afterwards an error ends one connection only.
class EventLoop {
 public:
  struct Dependencies {
    Router* router;
    Clock* clock;
    Log* log;
    std::shared_ptr<BodyBudget> body_budget;
  };

  static Result<std::unique_ptr<EventLoop>> Create(const HttpListener::Options& options,
                                                   const Dependencies& dependencies);
  ~EventLoop() { Join(); }

  const std::shared_ptr<LoopLoad>& load() const { return load_; }
  bool draining() const { return context_.draining; }
  // Before Start: this loop accepts, for itself and the others.
  Status Listen(std::unique_ptr<Acceptor> acceptor);
  void Start(const std::string& thread_name);
  void Join() { thread_.Join(); }

 private:
  struct Slot {
    std::unique_ptr<Connection> connection;
    uint32_t generation = 0;  // so that an event for the slot's last connection is told apart
  };

  EventLoop(const HttpListener::Options& options, const Dependencies& dependencies, UniqueFd epoll,
            std::shared_ptr<Mailbox> mailbox);

  void Run();
  int TimeoutMs(bool may_sleep) const;
  void ReadClock();
  void OnEvent(uint64_t key, uint32_t events);
  void OnMessage(LoopMessage message);
  void Accept();
  bool Adopt(NewConnection accepted);
  void Drain();
  void RunTurns();
  void Expire();
  void CloseAll();
  Status Watch(int fd, uint64_t key, uint32_t events);

  // Runs `step` on the slot's connection and puts away what is left of it afterwards.
  template <typename Step>
  void On(uint32_t slot, Step step);

  Clock* const clock_;
  UniqueFd epoll_;
  const std::shared_ptr<LoopLoad> load_;
  LoopContext context_;
  std::unique_ptr<Acceptor> acceptor_;
  std::vector<Slot> slots_;
  std::vector<uint32_t> free_slots_;
  std::vector<uint32_t> turns_;  // slots that have more to read
  std::vector<LoopMessage> messages_;
  TimePoint date_expires_{};
  bool stopping_ = false;
  Thread thread_;
};

}  // namespace flambeau
