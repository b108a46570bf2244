#include "cli/bench/http_driver.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "cli/bench/http_response_reader.h"

namespace flambeau::client {
namespace {

constexpr auto kSweepEvery = std::chrono::milliseconds(100);
constexpr size_t kBufferSize = 256 << 10;

timespec ToTimespec(Time time) {
  const auto since = time.time_since_epoch();  // of CLOCK_MONOTONIC, as timerfd wants it
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since);
  return {static_cast<time_t>(seconds.count()),
          static_cast<long>(std::chrono::nanoseconds(since - seconds).count())};
}

struct Connection {
  Descriptor socket;
  size_t written = 0;
  bool busy = false;
  bool failed = false;  // and waits for Sweep
  Time due;
  Time sent;
  HttpResponseReader reader;
};

class HttpDriver final : public Driver {
 public:
  explicit HttpDriver(HttpDriverOptions options)
      : options_(std::move(options)), connections_(options_.connections), buffer_(kBufferSize) {}

  absl::Status Connect() override;
  void Run(const Load& load, Tally* tally) override;

 private:
  absl::Status Open(Connection* connection);
  void Send(Connection* connection, Time due, Time now);
  void Write(Connection* connection);
  void Handle(const epoll_event& event);
  void Receive(Connection* connection, bool to_end);
  void Finish(Connection* connection, Time now);
  void Fail(Connection* connection, Time now, const std::string& code, const std::string& sentence);
  void MarkFailed(Connection* connection);
  void Reopen(Connection* connection, Time now);
  void Next(Connection* connection, Time now);
  void SendDue(Time now);
  void ArmTimer(Time time);
  void Sweep(Time now);
  int WaitMilliseconds(Time now) const;
  Time end() const { return tally_->window().end; }

  const HttpDriverOptions options_;
  Descriptor epoll_;
  Descriptor timer_;
  std::vector<Connection> connections_;
  std::vector<char> buffer_;

  // Of a run.
  Tally* tally_ = nullptr;
  std::optional<Arrivals> arrivals_;
  std::chrono::nanoseconds timeout_{};
  std::vector<Connection*> free_;    // of an open loop
  std::vector<Connection*> failed_;  // to be opened anew
  int in_flight_ = 0;
  Time next_sweep_;
  Time armed_;
};

absl::Status HttpDriver::Connect() {
  epoll_ = Descriptor(epoll_create1(EPOLL_CLOEXEC));
  timer_ = Descriptor(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  epoll_event event{EPOLLIN | EPOLLET, {.ptr = nullptr}};
  if (!epoll_.valid() || !timer_.valid() ||
      epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, timer_.get(), &event) != 0) {
    return absl::UnavailableError(std::string("no epoll instance can be had: ") +
                                  std::strerror(errno));
  }
  for (Connection& connection : connections_) {
    const absl::Status status = Open(&connection);
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status HttpDriver::Open(Connection* connection) {
  absl::StatusOr<Descriptor> socket = client::Connect(options_.address, options_.connect_timeout);
  if (!socket.ok()) return socket.status();
  connection->socket = *std::move(socket);
  connection->written = options_.request.size();  // nothing is being sent
  connection->failed = false;
  connection->reader.Reset();
  epoll_event event{EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, {.ptr = connection}};
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, connection->socket.get(), &event) != 0) {
    return absl::UnavailableError(std::string("epoll refuses a socket: ") + std::strerror(errno));
  }
  return absl::OkStatus();
}

void HttpDriver::Run(const Load& load, Tally* tally) {
  tally_ = tally;
  arrivals_ = load.arrivals;
  timeout_ = load.timeout;
  Time now = SteadyClock::now();
  next_sweep_ = now + kSweepEvery;
  for (Connection& connection : connections_) Next(&connection, now);
  std::array<epoll_event, 256> events;
  while (now < end() || in_flight_ > 0) {
    if (arrivals_) SendDue(now);
    const int count = epoll_wait(epoll_.get(), events.data(), events.size(), WaitMilliseconds(now));
    for (int i = 0; i < count; ++i) Handle(events[i]);
    now = SteadyClock::now();
    if (now >= next_sweep_ || !failed_.empty()) Sweep(now);
  }
  if (!arrivals_) return;
  for (; arrivals_->next() < end(); arrivals_->Pop()) tally_->Unsent();
}

void HttpDriver::SendDue(Time now) {
  while (!free_.empty() && arrivals_->next() <= now && arrivals_->next() < end()) {
    Connection* connection = free_.back();
    free_.pop_back();
    Send(connection, arrivals_->next(), now);
    arrivals_->Pop();
  }
  if (!free_.empty() && arrivals_->next() < end()) ArmTimer(arrivals_->next());
}

// epoll_wait's own timeout is too coarse for arrivals.
void HttpDriver::ArmTimer(Time time) {
  if (armed_ == time) return;
  armed_ = time;
  const itimerspec spec{{}, ToTimespec(time)};
  timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &spec, nullptr);
}

int HttpDriver::WaitMilliseconds(Time now) const {
  const Time until = now < end() ? std::min(next_sweep_, end()) : next_sweep_;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now);
  return static_cast<int>(std::max<int64_t>(left.count(), 0));
}

void HttpDriver::Send(Connection* connection, Time due, Time now) {
  connection->busy = true;
  connection->due = due;
  connection->sent = now;
  connection->written = 0;
  connection->reader.Reset();
  ++in_flight_;
  Write(connection);
}

void HttpDriver::Write(Connection* connection) {
  while (connection->written < options_.request.size()) {
    const ssize_t count =
        send(connection->socket.get(), options_.request.data() + connection->written,
             options_.request.size() - connection->written, MSG_NOSIGNAL);
    if (count < 0) {
      if (errno != EAGAIN) MarkFailed(connection);
      return;
    }
    connection->written += count;
  }
}

void HttpDriver::Handle(const epoll_event& event) {
  auto* connection = static_cast<Connection*>(event.data.ptr);
  if (connection == nullptr || !connection->socket.valid()) return;  // the timer, or just closed
  if ((event.events & EPOLLOUT) != 0 && connection->busy) Write(connection);
  const bool to_end = (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
  if (to_end || (event.events & EPOLLIN) != 0) Receive(connection, to_end);
}

// `to_end`: nothing comes after what is there, so there will be no other event.
void HttpDriver::Receive(Connection* connection, bool to_end) {
  while (true) {
    const ssize_t count = recv(connection->socket.get(), buffer_.data(), buffer_.size(), 0);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) {
      MarkFailed(connection);
      return;
    }
    std::string_view data(buffer_.data(), count);
    const HttpResponseReader::State state =
        connection->busy ? connection->reader.Read(&data) : HttpResponseReader::State::kBroken;
    if (state == HttpResponseReader::State::kBroken || !data.empty()) {
      const Time now = SteadyClock::now();
      Fail(connection, now, "protocol",
           "the answer has no Content-Length or is no HTTP/1.1; other answers are not read");
      return;
    }
    if (state == HttpResponseReader::State::kDone) Finish(connection, SteadyClock::now());
    if (!connection->socket.valid()) return;
    // Less than there was room for: the socket is empty.
    if (!to_end && static_cast<size_t>(count) < buffer_.size()) return;
  }
}

void HttpDriver::Finish(Connection* connection, Time now) {
  const HttpResponseReader& reader = connection->reader;
  connection->busy = false;
  --in_flight_;
  if (reader.status() == 200) {
    tally_->Answered(connection->due, now);
  } else {
    tally_->Failed(now, std::to_string(reader.status()), reader.body());
  }
  if (reader.closes()) {
    Reopen(connection, now);
  } else {
    Next(connection, now);
  }
}

void HttpDriver::Fail(Connection* connection, Time now, const std::string& code,
                      const std::string& sentence) {
  if (connection->busy) {
    connection->busy = false;
    --in_flight_;
    tally_->Failed(now, code, sentence);
  }
  Reopen(connection, now);
}

// Not handled at once: the next request may fail as well, and so on.
void HttpDriver::MarkFailed(Connection* connection) {
  if (std::exchange(connection->failed, true)) return;
  failed_.push_back(connection);
}

// A connection that cannot be opened is tried again by the next Sweep.
void HttpDriver::Reopen(Connection* connection, Time now) {
  std::erase(free_, connection);
  connection->socket = Descriptor();
  if (now >= end()) return;
  if (const absl::Status status = Open(connection); !status.ok()) {
    tally_->Failed(now, "connection", std::string(status.message()));
    return;
  }
  Next(connection, now);
}

void HttpDriver::Next(Connection* connection, Time now) {
  if (arrivals_) {
    free_.push_back(connection);
  } else if (now < end()) {
    Send(connection, now, now);
  }
}

void HttpDriver::Sweep(Time now) {
  for (Connection* connection : std::exchange(failed_, {})) {
    if (connection->failed) {
      Fail(connection, now, "connection", "the server closed a connection without an answer");
    }
  }
  if (now < next_sweep_) return;
  next_sweep_ = now + kSweepEvery;
  for (Connection& connection : connections_) {
    if (connection.busy && now - connection.sent > timeout_) {
      Fail(&connection, now, "timeout", "no answer came in time");
    } else if (!connection.socket.valid()) {
      Reopen(&connection, now);
    }
  }
}

}  // namespace

std::unique_ptr<Driver> MakeHttpDriver(HttpDriverOptions options) {
  return std::make_unique<HttpDriver>(std::move(options));
}

}  // namespace flambeau::client
