#include "http/event_loop.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <limits>
#include <utility>

namespace flambeau {
namespace {

// Keys of epoll events: a connection's is its generation and slot.
constexpr uint64_t kWakeKey = std::numeric_limits<uint64_t>::max();
constexpr uint64_t kListenKey = kWakeKey - 1;
constexpr uint32_t kConnectionEvents = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
constexpr size_t kEventsPerTurn = 256;

uint64_t ConnectionKey(uint32_t slot, uint32_t generation) {
  return static_cast<uint64_t>(generation) << 32 | slot;
}

std::string HttpDate() {
  const time_t now = time(nullptr);
  tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 40> text{};
  const size_t length =
      strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);  // the C locale
  return {text.data(), length};
}

}  // namespace

Result<std::unique_ptr<EventLoop>> EventLoop::Create(const HttpListener::Options& options,
                                                     const Dependencies& dependencies) {
  UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return Unavailable("The process has no file descriptors left.");
  FLAMBEAU_ASSIGN_OR_RETURN(std::shared_ptr<Mailbox> mailbox, Mailbox::Create());
  std::unique_ptr<EventLoop> loop(
      new EventLoop(options, dependencies, std::move(epoll), std::move(mailbox)));
  // Edge-triggered, so that nobody has to read the counter back.
  FLAMBEAU_RETURN_IF_ERROR(
      loop->Watch(loop->context_.mailbox->wake_fd(), kWakeKey, EPOLLIN | EPOLLET));
  return loop;
}

EventLoop::EventLoop(const HttpListener::Options& options, const Dependencies& dependencies,
                     UniqueFd epoll, std::shared_ptr<Mailbox> mailbox)
    : clock_(dependencies.clock),
      epoll_(std::move(epoll)),
      load_(std::make_shared<LoopLoad>()),
      context_{options, dependencies.router,     dependencies.clock, dependencies.log,
               mailbox, dependencies.body_budget} {
  load_->mailbox = std::move(mailbox);
}

Status EventLoop::Listen(std::unique_ptr<Acceptor> acceptor) {
  acceptor_ = std::move(acceptor);
  return Watch(acceptor_->fd(), kListenKey, EPOLLIN);
}

void EventLoop::Start(const std::string& thread_name) {
  thread_ = Thread(thread_name, [this] { Run(); });
}

Status EventLoop::Watch(int fd, uint64_t key, uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = key;
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0) return OkStatus();
  return Unavailable("The kernel cannot watch another socket.");
}

void EventLoop::Run() {
  std::array<epoll_event, kEventsPerTurn> events{};
  while (!stopping_) {
    const bool may_sleep = context_.mailbox->PrepareSleep() && turns_.empty();
    const int count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()),
                                 TimeoutMs(may_sleep));
    ReadClock();
    for (int i = 0; i < count; ++i) OnEvent(events[i].data.u64, events[i].events);
    RunTurns();
    // What this turn has read; the answers are in the mailbox then.
    context_.leader.Lead();
    context_.mailbox->TakeAll(&messages_);
    for (LoopMessage& message : messages_) OnMessage(std::move(message));
    messages_.clear();
    Expire();
    // What came behind a request that has been answered now: nothing else would run it.
    context_.leader.Lead();
  }
  CloseAll();
}

int EventLoop::TimeoutMs(bool may_sleep) const {
  if (!may_sleep) return 0;
  TimePoint next = context_.deadlines.Next();
  if (acceptor_ != nullptr) next = std::min(next, acceptor_->RetryAt());
  if (next == kNoDeadline) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - clock_->Now()).count();
  return static_cast<int>(std::clamp<int64_t>(left, 0, 60000));
}

void EventLoop::ReadClock() {
  context_.now = clock_->Now();
  if (context_.now < date_expires_) return;
  context_.date = HttpDate();
  date_expires_ = context_.now + std::chrono::milliseconds(500);
}

void EventLoop::OnEvent(uint64_t key, uint32_t events) {
  if (key == kWakeKey) return;
  if (key == kListenKey) return Accept();
  const auto slot = static_cast<uint32_t>(key);
  if (slots_[slot].generation != static_cast<uint32_t>(key >> 32)) return;
  On(slot, [events](Connection& connection) { connection.OnEvents(events); });
}

void EventLoop::OnMessage(LoopMessage message) {
  if (auto* accepted = std::get_if<NewConnection>(&message)) {
    if (!Adopt(std::move(*accepted))) --load_->connections;
    return;
  }
  if (auto* reply = std::get_if<HttpReply>(&message)) {
    return On(reply->slot,
              [reply](Connection& connection) { connection.OnReply(std::move(*reply)); });
  }
  if (std::get<LoopOrder>(message) == LoopOrder::kStop) {
    stopping_ = true;
  } else {
    Drain();
  }
}

template <typename Step>
void EventLoop::On(uint32_t slot, Step step) {
  Connection* const connection = slots_[slot].connection.get();
  if (connection == nullptr) return;
  bool failed = false;
  try {
    step(*connection);
  } catch (...) {  // no memory: this connection ends, the others go on
    failed = true;
  }
  if (!failed && !connection->closed()) {
    if (connection->wants_turn()) turns_.push_back(slot);
    return;
  }
  slots_[slot].connection.reset();
  ++slots_[slot].generation;
  free_slots_.push_back(slot);
  --load_->connections;
}

void EventLoop::Accept() {
  if (acceptor_ == nullptr || acceptor_->Accept(context_.now) != Acceptor::Accepted::kShort) return;
  // Level-triggered and readable: it must not be watched until it is time to try again.
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, acceptor_->fd(), nullptr);
}

bool EventLoop::Adopt(NewConnection accepted) try {
  if (free_slots_.empty()) {
    free_slots_.push_back(static_cast<uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const uint32_t slot = free_slots_.back();
  const int fd = accepted.fd.get();
  auto connection = std::make_unique<Connection>(std::move(accepted), slot, &context_);
  // What has arrived before the socket is watched is reported as an event, too.
  const uint64_t key = ConnectionKey(slot, slots_[slot].generation);
  if (!Watch(fd, key, kConnectionEvents).ok()) return false;
  free_slots_.pop_back();
  slots_[slot].connection = std::move(connection);
  if (context_.draining) On(slot, [](Connection& drained) { drained.OnDrain(); });
  return true;
} catch (...) {  // no memory: the client is turned away
  return false;
}

void EventLoop::Drain() {
  if (acceptor_ != nullptr) acceptor_->AcceptRest(context_.now);
  acceptor_.reset();
  context_.draining = true;
  for (uint32_t slot = 0; slot < slots_.size(); ++slot) {
    On(slot, [](Connection& connection) { connection.OnDrain(); });
  }
}

void EventLoop::RunTurns() {
  std::vector<uint32_t> turns;
  turns.swap(turns_);
  for (const uint32_t slot : turns) {
    On(slot, [](Connection& connection) {
      if (connection.wants_turn()) connection.Continue();
    });
  }
}

void EventLoop::Expire() {
  if (acceptor_ != nullptr && acceptor_->RetryAt() <= context_.now) {
    acceptor_->Resume();
    // If the kernel refuses even this, the next shortage ends; try again then.
    if (!Watch(acceptor_->fd(), kListenKey, EPOLLIN).ok()) Accept();
  }
  context_.deadlines.Expire(context_.now, [this](uint32_t slot, Wait wait) {
    On(slot, [wait](Connection& connection) { connection.OnDeadline(wait); });
  });
}

void EventLoop::CloseAll() {
  acceptor_.reset();
  for (const LoopMessage& message : context_.mailbox->Close()) {
    if (std::holds_alternative<NewConnection>(message)) --load_->connections;
  }
  for (Slot& slot : slots_) {
    if (slot.connection == nullptr) continue;
    slot.connection.reset();
    --load_->connections;
  }
}

}  // namespace flambeau
