#include "http/connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <span>
#include <utility>

#include "http/loop_target.h"
#include "http/response_writer.h"
#include "http/status_mapping.h"
#include "serving/gate.h"

namespace flambeau {
namespace {

// How much one connection may receive before the others have their turn.
constexpr size_t kReadTurn = size_t{256} << 10;
// How much of a compressed body is taken at once: it may become a thousand times as much.
constexpr size_t kInflateTurn = size_t{8} << 10;
// How much takes longer to decode than a thread takes to wake up.
constexpr size_t kLongBody = size_t{64} << 10;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

Connection::Connection(NewConnection accepted, uint32_t slot, LoopContext* loop)
    : fd_(std::move(accepted.fd)),
      peer_(std::move(accepted.peer)),
      slot_(slot),
      loop_(loop),
      deadline_(loop->deadlines.Add(slot)),
      reader_(
          {loop->options.max_request_bytes, loop->options.max_header_bytes,
           loop->options.max_header_count, loop->options.max_uri_bytes, loop->options.max_chunks},
          loop->body_budget) {
  SetWait(Wait::kIdle);
}

Connection::~Connection() {
  if (cancel_ != nullptr) cancel_->Cancel();
  loop_->deadlines.Remove(deadline_);
}

void Connection::OnEvents(uint32_t epoll_events) {
  if ((epoll_events & (EPOLLERR | EPOLLHUP)) != 0) {
    PeerClosed();
    return Close();
  }
  if ((epoll_events & EPOLLRDHUP) != 0) PeerClosed();
  if ((epoll_events & (EPOLLIN | EPOLLRDHUP)) != 0) readable_ = true;
  if (state_ == State::kWriting && (epoll_events & EPOLLOUT) != 0) Flush();
  Continue();
}

void Connection::Continue() {
  wants_turn_ = false;
  if (state_ == State::kEncoding) Encode();
  if (state_ == State::kReading) Read();
  if (state_ == State::kLingering) Discard();
}

void Connection::OnReply(HttpReply reply) {
  if (state_ != State::kHandling || reply.ticket != ticket_) return;
  Respond(MakeResponseOf(std::move(reply)));
  Continue();
}

void Connection::OnDeadline(Wait wait) {
  if (wait != Wait::kHead && wait != Wait::kBody) return Close();
  Refuse(408, wait == Wait::kHead ? "The request's headers took too long to arrive."
                                  : "The request's body took too long to arrive.");
  Continue();
}

void Connection::OnDrain() {
  if (state_ != State::kReading) return;
  readable_ = true;  // a request that is already here is still answered
  Continue();
  if (state_ == State::kReading && !reader_.started()) Close();
}

void Connection::Read() {
  size_t budget = kReadTurn;
  while (state_ == State::kReading) {
    if (budget == 0) {
      wants_turn_ = true;
      break;
    }
    if (pending_begin_ < pending_.size()) {
      ConsumePending(&budget);
      continue;
    }
    pending_ = std::string();
    pending_begin_ = 0;
    if (!readable_) break;
    if (!Receive(&budget)) break;
  }
  if (state_ == State::kReading) SetReadingWait();
}

void Connection::ConsumePending(size_t* budget) {
  const size_t turn = reader_.inflating() ? kInflateTurn : std::string_view::npos;
  std::string_view data = std::string_view(pending_).substr(pending_begin_, turn);
  const size_t offered = data.size();
  const size_t body_before = reader_.body_bytes();
  Consume(&data);
  pending_begin_ += offered - data.size();
  ChargeInflated(body_before, budget);
}

// What a few compressed bytes became counts as received, too.
void Connection::ChargeInflated(size_t body_before, size_t* budget) const {
  if (reader_.inflating()) *budget -= std::min(*budget, reader_.body_bytes() - body_before);
}

// False if there is nothing more for now, or ever.
bool Connection::Receive(size_t* budget) {
  const std::span<char> body = reader_.BodySpace();
  const std::span<char> space = body.empty() ? std::span<char>(loop_->scratch) : body;
  size_t wanted = std::min(space.size(), *budget);
  if (reader_.inflating()) wanted = std::min(wanted, kInflateTurn);
  const ssize_t received = recv(fd_.get(), space.data(), wanted, 0);
  if (received < 0) {
    if (errno == EINTR) return true;
    readable_ = false;
    if (errno != EAGAIN) Close();
    return false;
  }
  if (received == 0) {
    if (reader_.started()) LogRequest(reader_.head_read() ? 400 : 408);
    Close();
    return false;
  }
  const auto bytes = static_cast<size_t>(received);
  *budget -= bytes;
  // Less than asked for: the socket is empty, and the next bytes will be an event of their own.
  readable_ = bytes == wanted || peer_closed_;
  std::string_view data(space.data(), bytes);
  if (!body.empty()) {
    reader_.BodyReceived(bytes);
    data = {};
  }
  const size_t body_before = reader_.body_bytes();
  Consume(&data);
  pending_.assign(data);
  ChargeInflated(body_before, budget);
  return true;
}

void Connection::Consume(std::string_view* data) {
  while (state_ == State::kReading) {
    if (!reader_.started()) began_ = loop_->now;
    switch (reader_.Feed(data)) {
      case ReadEvent::kMore:
        return;
      case ReadEvent::kHead:
        OnHead(!data->empty());
        if (reader_.inflating()) return;  // by turns
        break;
      case ReadEvent::kDone:
        return Dispatch();
      case ReadEvent::kFailed:
        return Refuse(reader_.error().status, reader_.error().sentence);
    }
  }
}

void Connection::OnHead(bool body_has_begun) {
  const RequestHead& head = reader_.head();
  if (!head.expect_continue || body_has_begun || (head.content_length == 0 && !head.chunked))
    return;
  // The socket's buffer is empty now: if even this does not fit, the client is beyond help.
  const ssize_t sent = send(fd_.get(), kContinue.data(), kContinue.size(), MSG_NOSIGNAL);
  if (sent != static_cast<ssize_t>(kContinue.size())) Close();
}

void Connection::Dispatch() {
  HttpRequest request = TakeRequest();
  RouteMatch match = loop_->routes.Find(request.method, request.path);
  if (match.handler == nullptr) {
    HttpResponse response = ErrorResponse(match.status, match.sentence);
    if (!match.allow.empty()) response.headers.emplace_back("Allow", match.allow);
    return Respond(std::move(response));
  }
  // What this turn has read so far does not wait until a long body is decoded.
  if (request.body.size() > kLongBody) loop_->leader.Lead();
  request.path_params = std::move(match.path_params);
  logged_elsewhere_ = match.handler->PassesGate();
  const Responder respond(std::make_shared<LoopTarget>(loop_->mailbox, slot_, ticket_));
  try {
    match.handler->Handle(std::move(request), respond);
  } catch (const std::bad_alloc&) {
    respond(ErrorResponse(503, "The server has no memory left for the request."));
  } catch (...) {
    respond(ErrorResponse(500, "The request failed inside the server."));
  }
}

HttpRequest Connection::TakeRequest() {
  RequestHead& head = reader_.head();
  state_ = State::kHandling;
  SetWait(Wait::kNone);
  ticket_ = ++loop_->tickets;
  keep_alive_ = head.keep_alive;
  http_1_0_ = head.http_1_0;
  coding_ = PreferredCoding(head.headers);
  method_ = head.method;
  path_ = head.path;
  cancel_ = std::make_shared<CancelToken>();
  if (peer_closed_) cancel_->Cancel();

  HttpRequest request;
  request.method = std::move(head.method);
  request.path = std::move(head.path);
  request.headers = std::move(head.headers);
  BodyBuffer::Shared body = reader_.body().Share();
  request.body = body.bytes;
  request.body_owner = std::move(body.owner);
  request.peer = peer_;
  request.cancel = cancel_;
  request.leader = &loop_->leader;
  const auto id = request.Header("x-request-id");
  request_id_ = id && IsRequestId(*id) ? std::string(*id) : loop_->request_ids.Next();
  request.request_id = request_id_;
  reader_.Reset();
  return request;
}

// Answers what is not a whole request. How far the client has got is unknown, so it ends here.
void Connection::Refuse(int status, std::string_view sentence) {
  HttpResponse response = ErrorResponse(status, sentence);
  if (status == 415)
    response.headers.emplace_back("Accept-Encoding", std::string(kAcceptedCodings));
  method_ = reader_.head().method;
  path_ = reader_.head().path;
  request_id_ = loop_->request_ids.Next();
  keep_alive_ = false;
  coding_ = ContentCoding::kIdentity;
  Respond(std::move(response));
}

void Connection::Respond(HttpResponse response) {
  cancel_.reset();
  LogRequest(response.status);
  logged_elsewhere_ = false;
  if (response.status == HttpCode(StatusCode::kCancelled) && peer_closed_) return Close();
  if (method_ != "HEAD") encoder_ = ResponseEncoder::Create(coding_, &response);
  if (encoder_ == nullptr) return Write(std::move(response));
  state_ = State::kEncoding;
  SetWait(Wait::kNone);
  Encode();
}

// A step at a time, between which other connections have their turn.
void Connection::Encode() {
  if (!encoder_->Step()) {
    wants_turn_ = true;
    return;
  }
  HttpResponse response = encoder_->Take();
  encoder_.reset();
  Write(std::move(response));
}

void Connection::Write(HttpResponse response) {
  keep_alive_ = keep_alive_ && !loop_->draining;
  out_head_ = SerializeHead(response, {keep_alive_, http_1_0_, loop_->date, request_id_});
  out_body_ = method_ == "HEAD" ? std::string() : std::move(response.body);
  written_ = 0;
  state_ = State::kWriting;
  SetWait(Wait::kWrite);
  Flush();
}

void Connection::LogRequest(int status) const {
  if (logged_elsewhere_ || !loop_->log->Enabled(LogLevel::kDebug)) return;
  const auto took =
      std::chrono::duration_cast<std::chrono::microseconds>(loop_->clock->Now() - began_);
  loop_->log->Debug("http request", {{"listener", loop_->options.name},
                                     {"request_id", request_id_},
                                     {"peer", peer_},
                                     {"method", method_},
                                     {"path", path_},
                                     {"status", status},
                                     {"us", static_cast<int64_t>(took.count())}});
}

void Connection::Flush() {
  const size_t total = out_head_.size() + out_body_.size();
  while (written_ < total) {
    const size_t in_head = std::min(written_, out_head_.size());
    const size_t in_body = written_ - in_head;
    std::array<iovec, 2> parts = {iovec{out_head_.data() + in_head, out_head_.size() - in_head},
                                  iovec{out_body_.data() + in_body, out_body_.size() - in_body}};
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    const ssize_t sent = sendmsg(fd_.get(), &message, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) Close();
      return;
    }
    written_ += static_cast<size_t>(sent);
    if (written_ < total) SetWait(Wait::kWrite);
  }
  OnWritten();
}

void Connection::OnWritten() {
  out_head_.clear();
  out_body_ = std::string();
  if (!keep_alive_) return Linger();
  state_ = State::kReading;
  SetWait(Wait::kIdle);
}

// Closing with unread bytes would reset the connection, and the client might never see the answer:
// say that nothing more comes, and let it finish.
void Connection::Linger() {
  state_ = State::kLingering;
  SetWait(Wait::kLinger);
  shutdown(fd_.get(), SHUT_WR);
  readable_ = true;
}

void Connection::Discard() {
  for (size_t budget = kReadTurn; readable_;) {
    if (budget == 0) {
      wants_turn_ = true;
      return;
    }
    const ssize_t dropped = recv(fd_.get(), nullptr, budget, MSG_TRUNC);
    if (dropped < 0 && errno == EINTR) continue;
    if (dropped < 0 && errno == EAGAIN) {
      readable_ = false;
      return;
    }
    if (dropped <= 0) return Close();
    budget -= static_cast<size_t>(dropped);
  }
}

void Connection::SetWait(Wait wait) {
  const HttpListener::Options& options = loop_->options;
  Duration duration{};
  switch (wait) {
    case Wait::kNone:
      break;
    case Wait::kIdle:
      duration = options.idle_timeout;
      break;
    case Wait::kHead:
      duration = options.header_timeout;
      break;
    case Wait::kBody:
      duration = options.body_timeout;
      break;
    case Wait::kWrite:
      duration = options.write_timeout;
      break;
    case Wait::kLinger:
      duration = std::chrono::seconds(2);
      break;
  }
  loop_->deadlines.Set(deadline_, wait, wait == Wait::kNone ? kNoDeadline : loop_->now + duration);
}

void Connection::SetReadingWait() {
  const Wait wait = !reader_.started()    ? Wait::kIdle
                    : reader_.head_read() ? Wait::kBody
                                          : Wait::kHead;
  // Once per phase: bytes that trickle in do not move a deadline.
  if (deadline_->wait != wait) SetWait(wait);
}

void Connection::PeerClosed() {
  peer_closed_ = true;
  if (cancel_ != nullptr) cancel_->Cancel();
}

void Connection::Close() {
  if (state_ == State::kHandling) LogRequest(HttpCode(StatusCode::kCancelled));
  state_ = State::kClosed;
  fd_.Close();
}

}  // namespace flambeau
