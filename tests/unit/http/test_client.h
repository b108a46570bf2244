// A raw HTTP client for tests: sends bytes as they are, reads answers, every wait bounded.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "http/socket.h"

namespace flambeau {

struct TestAnswer {
  int status = 0;                              // 0: the connection closed before an answer
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
};

// Threads: one. Lifetime: closes its socket. Errors: fails the test.
class TestClient {
 public:
  explicit TestClient(int port, int receive_buffer = 0);

  void Send(std::string_view bytes);
  // What can be sent without blocking.
  size_t SendSome(std::string_view bytes);
  // The next answer; `head`: to a HEAD request, which has no body. 100 Continue counts as one.
  TestAnswer Read(bool head = false);
  // Sends a request and reads its answer.
  TestAnswer Ask(const std::string& bytes);
  // True once the server has closed, with nothing more to read.
  bool ReadsEnd();
  void ShutdownWrite();
  void Close() { fd_.Close(); }

 private:
  bool Fill();  // more bytes into buffer_; false at the end

  UniqueFd fd_;
  std::string buffer_;
};

// "POST /echo" with a Content-Length.
std::string PostRequest(const std::string& path, const std::string& body,
                        const std::string& headers = "");
std::string GetRequest(const std::string& path, const std::string& headers = "");

}  // namespace flambeau
