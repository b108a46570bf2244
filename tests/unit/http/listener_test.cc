#include "http/listener.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <deque>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "http/test_client.h"
#include "http/test_handlers.h"
#include "http/zlib_data.h"

namespace flambeau {
namespace {

class ThrowHandler final : public HttpHandler {
 public:
  void Handle(HttpRequest, Responder) override { throw std::runtime_error("secret"); }
};

class DropHandler final : public HttpHandler {
 public:
  void Handle(HttpRequest, Responder) override {}
};

class ListenerTest : public ::testing::Test {
 protected:
  ListenerTest() {
    options_.port = 0;
    options_.max_request_bytes = size_t{16} << 20;
  }

  void Start() {
    const auto echo = std::make_shared<EchoHandler>();
    auto listener = HttpListener::Create(options_,
                                         {{"POST", "/echo", echo},
                                          {"GET", "/echo", echo},
                                          {"POST", "/post-only", echo},
                                          {"GET", "/m/:model", echo},
                                          {"POST", "/hold", hold_},
                                          {"POST", "/throw", std::make_shared<ThrowHandler>()},
                                          {"POST", "/drop", std::make_shared<DropHandler>()}},
                                         &clock_, log_.get());
    ASSERT_TRUE(listener.ok()) << Message(listener.status());
    listener_ = *std::move(listener);
  }

  TestClient Connect() { return TestClient(listener_->port()); }

  HttpListener::Options options_;
  SystemClock clock_;
  std::unique_ptr<Log> log_ = Log::Silent();
  std::shared_ptr<HoldHandler> hold_ = std::make_shared<HoldHandler>();
  std::unique_ptr<HttpListener> listener_;
};

HttpResponse Answer(const std::string& body) {
  HttpResponse response;
  response.body = body;
  return response;
}

TEST_F(ListenerTest, AnswersSeveralRequestsOnOneConnection) {
  Start();
  TestClient client = Connect();
  for (const std::string body : {"one", "", "three"}) {
    const TestAnswer answer = client.Ask(PostRequest("/echo", body));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, body);
    EXPECT_EQ(answer.headers.count("connection"), 0u);
    EXPECT_EQ(answer.headers.at("content-type"), "application/octet-stream");
    EXPECT_EQ(answer.headers.at("date").size(), 29u);
  }
  EXPECT_EQ(listener_->connections(), 1u);
}

TEST_F(ListenerTest, ReadsARequestThatComesByteByByte) {
  Start();
  TestClient client = Connect();
  for (const std::string& request :
       {PostRequest("/echo", "abc"),
        std::string("POST /echo HTTP/1.1\r\nHost: t\r\nTransfer-Encoding: chunked\r\n\r\n"
                    "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n")}) {
    for (char c : request) client.Send({&c, 1});
    EXPECT_EQ(client.Read().body, "abc");
  }
}

TEST_F(ListenerTest, AnswersPipelinedRequestsInOrderOneAtATime) {
  Start();
  TestClient client = Connect();
  client.Send(PostRequest("/hold", "1") + PostRequest("/echo", "2") + PostRequest("/hold", "3") +
              GetRequest("/nowhere") + PostRequest("/echo", "5"));
  HeldRequest first = hold_->Take();
  EXPECT_EQ(first.request.body, "1");
  EXPECT_EQ(hold_->seen(), 1);
  first.respond(Answer("first"));
  EXPECT_EQ(client.Read().body, "first");
  EXPECT_EQ(client.Read().body, "2");
  HeldRequest third = hold_->Take();
  EXPECT_EQ(third.request.body, "3");
  third.respond(Answer("third"));
  EXPECT_EQ(client.Read().body, "third");
  EXPECT_EQ(client.Read().status, 404);
  EXPECT_EQ(client.Read().body, "5");
}

TEST_F(ListenerTest, AnswersAThousandPipelinedRequests) {
  Start();
  TestClient client = Connect();
  std::string requests;
  for (int i = 0; i < 1000; ++i) requests += PostRequest("/echo", std::to_string(i));
  std::thread sender([&] { client.Send(requests); });
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(client.Read().body, std::to_string(i));
  sender.join();
}

TEST_F(ListenerTest, ClosesWhereTheClientAsksForIt) {
  Start();
  TestClient close = Connect();
  const TestAnswer closed = close.Ask(PostRequest("/echo", "a", "Connection: close\r\n"));
  EXPECT_EQ(closed.headers.at("connection"), "close");
  EXPECT_TRUE(close.ReadsEnd());

  TestClient old = Connect();
  EXPECT_EQ(old.Ask("GET /echo HTTP/1.0\r\n\r\n").headers.at("connection"), "close");
  EXPECT_TRUE(old.ReadsEnd());

  TestClient kept = Connect();
  for (int i = 0; i < 2; ++i) {
    const TestAnswer answer = kept.Ask("GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_EQ(answer.headers.at("connection"), "keep-alive");
  }
}

TEST_F(ListenerTest, AnswersAClientThatHasOnlyShutDownItsSendingSide) {
  Start();
  TestClient client = Connect();
  client.Send(PostRequest("/echo", "a"));
  client.ShutdownWrite();
  EXPECT_EQ(client.Read().body, "a");
  EXPECT_TRUE(client.ReadsEnd());
}

TEST_F(ListenerTest, SaysContinueBeforeTheBody) {
  Start();
  TestClient client = Connect();
  client.Send(
      "POST /echo HTTP/1.1\r\nHost: t\r\nExpect: 100-Continue\r\nContent-Length: 3\r\n\r\n");
  EXPECT_EQ(client.Read().status, 100);
  client.Send("abc");
  EXPECT_EQ(client.Read().body, "abc");
}

TEST_F(ListenerTest, DoesNotSayContinueToABodyThatIsTooLarge) {
  Start();
  TestClient client = Connect();
  client.Send(
      "POST /echo HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n");
  EXPECT_EQ(client.Read().status, 413);
  EXPECT_TRUE(client.ReadsEnd());
}

TEST_F(ListenerTest, RefusesAHugeBodyAtOnce) {
  Start();
  TestClient client = Connect();
  client.Send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 1000000000000000000\r\n\r\n");
  const TestAnswer answer = client.Read();
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.headers.at("connection"), "close");
  EXPECT_EQ(answer.body.substr(0, 10), "{\"error\":\"");
  EXPECT_TRUE(client.ReadsEnd());
}

TEST_F(ListenerTest, TheRefusalReachesAClientThatIsStillSending) {
  options_.max_request_bytes = 1000;
  Start();
  TestClient client = Connect();
  client.Send(PostRequest("/echo", std::string(size_t{4} << 20, 'x')));
  EXPECT_EQ(client.Read().status, 413);
}

TEST_F(ListenerTest, NamesTheEncodingsThatItTakes) {
  Start();
  TestClient client = Connect();
  const TestAnswer answer = client.Ask(PostRequest("/echo", "a", "Content-Encoding: br\r\n"));
  EXPECT_EQ(answer.status, 415);
  EXPECT_EQ(answer.headers.at("accept-encoding"), "gzip, deflate");
}

TEST_F(ListenerTest, ReadsAndWritesCompressedBodies) {
  Start();
  TestClient client = Connect();
  const std::string plain = SampleText(size_t{3} << 20);
  for (const ContentCoding coding : {ContentCoding::kGzip, ContentCoding::kDeflate}) {
    const std::string name(Name(coding));
    const TestAnswer answer = client.Ask(
        PostRequest("/echo", Compress(plain, coding),
                    "Content-Encoding: " + name + "\r\nAccept-Encoding: " + name + "\r\n"));
    ASSERT_EQ(answer.status, 200) << answer.body.substr(0, 100);
    EXPECT_EQ(answer.headers.at("content-encoding"), name);
    EXPECT_EQ(answer.headers.at("vary"), "Accept-Encoding");
    EXPECT_TRUE(Decompress(answer.body, coding) == plain);
  }
  const TestAnswer as_it_is = client.Ask(
      PostRequest("/echo", Compress(plain, ContentCoding::kGzip), "Content-Encoding: gzip\r\n"));
  EXPECT_EQ(as_it_is.headers.count("content-encoding"), 0u);
  EXPECT_TRUE(as_it_is.body == plain);
}

TEST_F(ListenerTest, ReadsPipelinedCompressedBodiesAndAnswersInBetween) {
  Start();
  TestClient client = Connect();
  std::string bytes;
  for (int i = 0; i < 20; ++i) {
    bytes += PostRequest("/echo", Compress(SampleText(5000 + i), ContentCoding::kGzip),
                         "Content-Encoding: gzip\r\nAccept-Encoding: gzip\r\n");
  }
  client.Send(bytes);
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(Decompress(client.Read().body, ContentCoding::kGzip), SampleText(5000 + i));
  }
}

TEST_F(ListenerTest, ABombIsStoppedAndTheOthersGoOn) {
  Start();
  TestClient bomber = Connect();
  TestClient client = Connect();
  const std::string bomb =
      Compress(std::string(options_.max_request_bytes + 1, ' '), ContentCoding::kGzip);
  bomber.Send(PostRequest("/echo", bomb, "Content-Encoding: gzip\r\n"));
  EXPECT_EQ(client.Ask(PostRequest("/echo", "a")).body, "a");
  EXPECT_EQ(bomber.Read().status, 413);
  EXPECT_TRUE(bomber.ReadsEnd());
}

TEST_F(ListenerTest, ABodyBeyondTheMemoryOfAllIsPutOff) {
  options_.max_body_memory = size_t{1} << 20;
  Start();
  TestClient holder = Connect();
  holder.Send(PostRequest("/hold", std::string(size_t{1} << 20, 'x')));
  HeldRequest held = hold_->Take();
  TestClient client = Connect();
  const TestAnswer refused = client.Ask(PostRequest("/echo", "a"));
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.headers.at("retry-after"), "1");
  held.request.body_owner.reset();
  held.respond(Answer("done"));
  EXPECT_EQ(holder.Read().body, "done");
  TestClient later = Connect();
  EXPECT_EQ(later.Ask(PostRequest("/echo", "a")).status, 200);
}

TEST_F(ListenerTest, AnswersEachMethodAndPathAsItShould) {
  Start();
  TestClient client = Connect();
  client.Send("HEAD /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\nabc");
  const TestAnswer head = client.Read(true);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.headers.at("content-length"), "3");
  for (const std::string method : {"OPTIONS", "PUT", "BREW"}) {
    const TestAnswer answer = client.Ask(method + " /echo HTTP/1.1\r\nHost: t\r\n\r\n");
    EXPECT_EQ(answer.status, 405) << method;
    EXPECT_EQ(answer.headers.at("allow"), "POST, GET, HEAD");
  }
  EXPECT_EQ(client.Ask(GetRequest("/post-only")).headers.at("allow"), "POST");
  EXPECT_EQ(client.Ask(GetRequest("/nowhere")).status, 404);
  EXPECT_EQ(client.Ask(GetRequest("/m/%2e%2e%2fx")).status, 400);
  EXPECT_EQ(client.Ask(GetRequest("/m/a%20b?q=1")).headers.at("x-param-model"), "a b");
}

TEST_F(ListenerTest, EchoesTheRequestIdOrMakesOne) {
  Start();
  TestClient client = Connect();
  const TestAnswer echoed = client.Ask(PostRequest("/echo", "", "X-Request-Id: a.B_9-\r\n"));
  EXPECT_EQ(echoed.headers.at("x-request-id"), "a.B_9-");
  const TestAnswer made = client.Ask(PostRequest("/echo", "", "X-Request-Id: a%0D%0Ab\r\n"));
  EXPECT_EQ(made.headers.at("x-request-id").size(), 16u);
  const TestAnswer other = client.Ask(GetRequest("/nowhere"));
  EXPECT_EQ(other.headers.at("x-request-id").size(), 16u);
  EXPECT_NE(other.headers.at("x-request-id"), made.headers.at("x-request-id"));
}

TEST_F(ListenerTest, AHandlerThatThrowsOrForgetsCostsOneRequest) {
  Start();
  TestClient client = Connect();
  for (const std::string path : {"/throw", "/drop"}) {
    const TestAnswer answer = client.Ask(PostRequest(path, "a"));
    EXPECT_EQ(answer.status, 500) << path;
    EXPECT_EQ(answer.body.find("secret"), std::string::npos);
  }
  EXPECT_EQ(client.Ask(PostRequest("/echo", "a")).body, "a");
}

TEST_F(ListenerTest, SlowHeadersAreEndedWith408) {
  options_.header_timeout = std::chrono::milliseconds(50);
  Start();
  TestClient client = Connect();
  client.Send("POST /echo HTTP/1.1\r\nHo");
  EXPECT_EQ(client.Read().status, 408);
  EXPECT_TRUE(client.ReadsEnd());
}

TEST_F(ListenerTest, ASlowBodyIsEndedWith408WhileOthersAreServed) {
  options_.body_timeout = std::chrono::milliseconds(50);
  options_.io_threads = 1;
  Start();
  std::vector<TestClient> slow;
  for (int i = 0; i < 20; ++i) {
    slow.push_back(Connect());
    slow.back().Send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\na");
  }
  EXPECT_EQ(Connect().Ask(PostRequest("/echo", "quick")).body, "quick");
  for (TestClient& client : slow) {
    EXPECT_EQ(client.Read().status, 408);
    EXPECT_TRUE(client.ReadsEnd());
  }
}

TEST_F(ListenerTest, IdleConnectionsAreClosedWithoutAWord) {
  options_.idle_timeout = std::chrono::milliseconds(50);
  Start();
  TestClient silent = Connect();
  TestClient used = Connect();
  EXPECT_EQ(used.Ask(PostRequest("/echo", "a")).body, "a");
  EXPECT_TRUE(silent.ReadsEnd());
  EXPECT_TRUE(used.ReadsEnd());
  EXPECT_TRUE(Eventually([&] { return listener_->connections() == 0; }));
}

TEST_F(ListenerTest, AClientThatDoesNotReadIsClosed) {
  options_.write_timeout = std::chrono::milliseconds(50);
  Start();
  TestClient client(listener_->port(), 4096);
  client.Send(PostRequest("/echo", std::string(size_t{12} << 20, 'x')));
  EXPECT_TRUE(Eventually([&] { return listener_->connections() == 0; }));
}

TEST_F(ListenerTest, LargeBodiesGoThroughASlowReader) {
  Start();
  TestClient client(listener_->port(), 4096);
  std::string body(size_t{3} << 20, 'x');
  for (size_t i = 0; i < body.size(); i += 4099) body[i] = static_cast<char>('a' + i % 26);
  const TestAnswer answer = client.Ask(PostRequest("/echo", body));
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.body == body);
  EXPECT_EQ(client.Ask(PostRequest("/echo", "small")).body, "small");
}

TEST_F(ListenerTest, CancelsTheRequestOfAClientThatGoes) {
  Start();
  TestClient client = Connect();
  client.Send(PostRequest("/hold", "a"));
  HeldRequest held = hold_->Take();
  EXPECT_FALSE(held.request.cancel->cancelled());
  client.Close();
  EXPECT_TRUE(Eventually([&] { return held.request.cancel->cancelled(); }));
  HttpResponse gone = Answer("nobody reads this");
  gone.status = 499;
  held.respond(std::move(gone));
  EXPECT_TRUE(Eventually([&] { return listener_->connections() == 0; }));
}

TEST_F(ListenerTest, AnAnswerAfterTheConnectionIsGoneDoesNothing) {
  options_.io_threads = 1;
  Start();
  for (int i = 0; i < 20; ++i) {
    TestClient client = Connect();
    client.Send(PostRequest("/hold", "a"));
    HeldRequest held = hold_->Take();
    client.Close();
    std::thread late([&] { held.respond(Answer("late")); });
    // Its slot is given to another connection meanwhile.
    EXPECT_EQ(Connect().Ask(PostRequest("/echo", "b")).body, "b");
    late.join();
  }
}

TEST_F(ListenerTest, OnlyTheFirstAnswerCounts) {
  Start();
  TestClient client = Connect();
  client.Send(PostRequest("/hold", "a"));
  HeldRequest held = hold_->Take();
  held.respond(Answer("first"));
  held.respond(Answer("second"));
  EXPECT_EQ(client.Read().body, "first");
  EXPECT_EQ(client.Ask(PostRequest("/echo", "next")).body, "next");
}

TEST_F(ListenerTest, DeferredAnswersAreMadeOnTheIoThread) {
  Start();
  TestClient client = Connect();
  client.Send(PostRequest("/hold", "a"));
  HeldRequest held = hold_->Take();
  held.respond.Defer([] {
    std::array<char, 16> name{};
    pthread_getname_np(pthread_self(), name.data(), name.size());
    return Answer(name.data());
  });
  EXPECT_EQ(client.Read().body.substr(0, 8), "http-io-");
  client.Send(PostRequest("/hold", "a"));
  hold_->Take().respond.Defer([]() -> HttpResponse { throw std::runtime_error("secret"); });
  EXPECT_EQ(client.Read().status, 500);
}

TEST_F(ListenerTest, AnswersFromManyThreadsReachTheirOwnClients) {
  Start();
  std::vector<TestClient> clients;
  clients.reserve(32);
  for (int i = 0; i < 32; ++i) clients.push_back(Connect());
  for (int round = 0; round < 10; ++round) {
    for (size_t i = 0; i < clients.size(); ++i) {
      clients[i].Send(PostRequest("/hold", std::to_string(i)));
    }
    std::vector<std::thread> workers;
    workers.reserve(4);
    for (int w = 0; w < 4; ++w) {
      workers.emplace_back([&] {
        for (int i = 0; i < 8; ++i) {
          HeldRequest held = hold_->Take();
          const std::string body(held.request.body);
          held.respond.Defer([body] { return Answer(body); });
        }
      });
    }
    for (std::thread& worker : workers) worker.join();
    for (size_t i = 0; i < clients.size(); ++i) {
      EXPECT_EQ(clients[i].Read().body, std::to_string(i));
    }
  }
}

TEST_F(ListenerTest, TurnsAwayConnectionsOverTheCap) {
  options_.max_connections = 2;
  Start();
  TestClient first = Connect();
  TestClient second = Connect();
  EXPECT_EQ(first.Ask(PostRequest("/echo", "a")).status, 200);
  EXPECT_EQ(second.Ask(PostRequest("/echo", "a")).status, 200);
  TestClient third = Connect();
  const TestAnswer refused = third.Read();
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.headers.at("connection"), "close");
  EXPECT_TRUE(third.ReadsEnd());
  second.Close();
  EXPECT_TRUE(Eventually([&] { return listener_->connections() == 1; }));
  EXPECT_EQ(Connect().Ask(PostRequest("/echo", "b")).body, "b");
}

TEST_F(ListenerTest, RunningOutOfDescriptorsDoesNotEndListening) {
  Start();
  TestClient before = Connect();
  EXPECT_EQ(before.Ask(PostRequest("/echo", "a")).status, 200);
  TestClient turned_away = [this] {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    const rlimit full = limit;
    const int next = dup(STDERR_FILENO);
    close(next);
    limit.rlim_cur = static_cast<rlim_t>(next) + 1;  // room for the client's own descriptor
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
    TestClient client = Connect();
    EXPECT_TRUE(client.ReadsEnd());
    setrlimit(RLIMIT_NOFILE, &full);
    return client;
  }();
  EXPECT_EQ(before.Ask(PostRequest("/echo", "b")).body, "b");
  EXPECT_EQ(Connect().Ask(PostRequest("/echo", "c")).body, "c");
}

TEST_F(ListenerTest, DrainAnswersWhatIsInWorkAndClosesTheRest) {
  Start();
  TestClient idle = Connect();
  EXPECT_EQ(idle.Ask(PostRequest("/echo", "a")).status, 200);
  TestClient silent = Connect();
  TestClient half = Connect();
  half.Send("POST /echo HTTP/1.1\r\nHost: t\r\nContent-Length: 3\r\n\r\na");
  TestClient busy = Connect();
  busy.Send(PostRequest("/hold", "b"));
  HeldRequest held = hold_->Take();
  // `busy` was accepted last: the loops know of the others by now.
  listener_->BeginDrain();
  EXPECT_TRUE(idle.ReadsEnd());
  EXPECT_TRUE(silent.ReadsEnd());
  held.respond(Answer("done"));
  const TestAnswer answer = busy.Read();
  EXPECT_EQ(answer.body, "done");
  EXPECT_EQ(answer.headers.at("connection"), "close");
  EXPECT_TRUE(busy.ReadsEnd());
  half.Send("bc");
  const TestAnswer finished = half.Read();
  EXPECT_EQ(finished.body, "abc");
  EXPECT_EQ(finished.headers.at("connection"), "close");
  busy.Close();
  half.Close();
  EXPECT_TRUE(Eventually([&] { return listener_->connections() == 0; }));
}

TEST_F(ListenerTest, DrainAnswersClientsThatAreConnectedButNotYetAccepted) {
  options_.io_threads = 1;
  Start();
  TestClient busy = Connect();
  busy.Send(PostRequest("/hold", "b"));
  HeldRequest held = hold_->Take();
  std::promise<void> entered;
  std::promise<void> connected;
  held.respond.Defer([&entered, &connected] {  // on the loop, which accepts nobody meanwhile
    entered.set_value();
    connected.get_future().wait_for(std::chrono::seconds(20));
    return Answer("done");
  });
  ASSERT_EQ(entered.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
  std::deque<TestClient> waiting;
  for (int i = 0; i < 100; ++i) {
    waiting.emplace_back(listener_->port());
    waiting.back().Send(PostRequest("/echo", std::to_string(i)));
  }
  listener_->BeginDrain();
  EXPECT_FALSE(listener_->Drained());
  connected.set_value();
  for (int i = 0; i < 100; ++i) {
    const TestAnswer answer = waiting[i].Read();
    EXPECT_EQ(answer.body, std::to_string(i));
    EXPECT_EQ(answer.headers.at("connection"), "close");
  }
  EXPECT_EQ(busy.Read().body, "done");
  EXPECT_TRUE(Eventually([&] { return listener_->Drained(); }));
}

TEST_F(ListenerTest, DrainStopsListening) {
  Start();
  const int port = listener_->port();
  listener_->BeginDrain();
  HttpListener::Options again = options_;
  again.port = port;
  std::unique_ptr<HttpListener> second;
  EXPECT_TRUE(Eventually([&] {
    auto created = HttpListener::Create(again, {}, &clock_, log_.get());
    if (created.ok()) second = *std::move(created);
    return second != nullptr;
  }));
}

TEST_F(ListenerTest, StopClosesEverythingAndLateAnswersDoNothing) {
  Start();
  TestClient idle = Connect();
  TestClient busy = Connect();
  busy.Send(PostRequest("/hold", "b"));
  HeldRequest held = hold_->Take();
  listener_->Stop();
  EXPECT_TRUE(held.request.cancel->cancelled());
  EXPECT_TRUE(idle.ReadsEnd());
  EXPECT_TRUE(busy.ReadsEnd());
  EXPECT_EQ(listener_->connections(), 0u);
  listener_->Stop();
  listener_.reset();
  held.respond(Answer("late"));
  EXPECT_EQ(held.request.body, "b");
}

TEST_F(ListenerTest, ABusyPortIsOneSentence) {
  Start();
  HttpListener::Options again = options_;
  again.port = listener_->port();
  const auto second = HttpListener::Create(again, {}, &clock_, log_.get());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.status().code(), StatusCode::kUnavailable);
  EXPECT_NE(Message(second.status()).find("port " + std::to_string(again.port)), std::string::npos);
}

TEST_F(ListenerTest, AHostThatIsNotOursIsRefused) {
  options_.host = "192.0.2.1";
  const auto listener = HttpListener::Create(options_, {}, &clock_, log_.get());
  EXPECT_EQ(listener.status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace flambeau
