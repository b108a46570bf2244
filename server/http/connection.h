// One client's connection as a state machine: reading, handling, writing, and so on in a circle.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "http/deadlines.h"
#include "http/loop_context.h"
#include "http/mailbox.h"
#include "http/message.h"
#include "http/request_reader.h"
#include "http/response_encoder.h"
#include "http/socket.h"

namespace flambeau {

// One request at a time: while one is handled nothing more is read, so that pipelined requests wait
// in the kernel and memory is bounded by one request and one answer.
//
// Threads: the loop's own. Lifetime: destroyed by the loop once closed(); a request that is still
// in work is cancelled then. Errors: answered to the client, or the connection closes.
class Connection {
 public:
  Connection(NewConnection accepted, uint32_t slot, LoopContext* loop);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  int fd() const { return fd_.get(); }
  bool closed() const { return state_ == State::kClosed; }
  // It has used up its turn with bytes left to read: call Continue in the next one.
  bool wants_turn() const { return wants_turn_; }

  void OnEvents(uint32_t epoll_events);  // edge-triggered
  void OnReply(HttpReply reply);
  void OnDeadline(Wait wait);
  void OnDrain();
  void Continue();

 private:
  enum class State { kReading, kHandling, kEncoding, kWriting, kLingering, kClosed };

  void Read();
  bool Receive(size_t* budget);
  void Consume(std::string_view* data);
  void ConsumePending(size_t* budget);
  void ChargeInflated(size_t body_before, size_t* budget) const;
  void OnHead(bool body_has_begun);
  void Dispatch();
  HttpRequest TakeRequest();
  void Refuse(int status, std::string_view sentence);
  void Respond(HttpResponse response);
  void Encode();
  void Write(HttpResponse response);
  void LogRequest(int status) const;
  void Flush();
  void OnWritten();
  void Linger();
  void Discard();
  void SetWait(Wait wait);
  void SetReadingWait();
  void PeerClosed();
  void Close();

  UniqueFd fd_;
  const std::string peer_;
  const uint32_t slot_;
  LoopContext* const loop_;
  const Deadlines::Handle deadline_;
  State state_ = State::kReading;
  bool readable_ = true;
  bool peer_closed_ = false;  // its sending side at least
  bool wants_turn_ = false;
  RequestReader reader_;
  std::string pending_;  // received behind the request in work
  size_t pending_begin_ = 0;

  // The request in work.
  uint64_t ticket_ = 0;
  CancelTokenPtr cancel_;
  TimePoint began_;  // its first byte came
  std::string method_;
  std::string path_;
  std::string request_id_;
  bool keep_alive_ = true;
  bool http_1_0_ = false;
  ContentCoding coding_ = ContentCoding::kIdentity;  // of the answer, if the client has its wish
  bool logged_elsewhere_ = false;

  std::unique_ptr<ResponseEncoder> encoder_;  // while kEncoding

  // The answer being written.
  std::string out_head_;
  std::string out_body_;
  size_t written_ = 0;
};

}  // namespace flambeau
