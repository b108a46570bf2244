// The bare cost of the connection loop: answers every POST /echo, and /predict/MODEL, with
// its own body.
//   bench_http_echo [io_threads] [port]
//   flambeau bench x --protocol predict --input 1 --concurrency 8 --url http://127.0.0.1:PORT
// It stops when standard input ends.

#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>

#include "http/listener.h"

namespace {

class EchoHandler final : public flambeau::HttpHandler {
 public:
  void Handle(flambeau::HttpRequest request, flambeau::Responder respond) override {
    flambeau::HttpResponse response;
    response.body = request.body;
    respond(std::move(response));
  }
};

}  // namespace

int main(int argc, char** argv) {
  flambeau::HttpListener::Options options;
  options.io_threads = argc > 1 ? std::atoi(argv[1]) : 2;
  options.port = argc > 2 ? std::atoi(argv[2]) : 0;
  const auto echo = std::make_shared<EchoHandler>();
  flambeau::SystemClock clock;
  const auto log = flambeau::Log::Create(flambeau::LogLevel::kWarning, flambeau::LogFormat::kText);
  auto listener = flambeau::HttpListener::Create(
      options, {{"POST", "/echo", echo}, {"GET", "/echo", echo}, {"POST", "/predict/:model", echo}},
      &clock, log.get());
  if (!listener.ok()) {
    std::cerr << flambeau::Message(listener.status()) << "\n";
    return 1;
  }
  std::cout << "port " << (*listener)->port() << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
  }
  (*listener)->Stop();
}
