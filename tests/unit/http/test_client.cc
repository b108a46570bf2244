#include "http/test_client.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

#include "http/grammar.h"

namespace flambeau {
namespace {

constexpr int kPatienceMs = 20000;

bool WaitFor(int fd, short events) {
  pollfd entry{fd, events, 0};
  return poll(&entry, 1, kPatienceMs) == 1;
}

}  // namespace

TestClient::TestClient(int port, int receive_buffer)
    : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (receive_buffer > 0) {
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
}

void TestClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0) return;  // the server has closed; what it said can still be read
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
}

size_t TestClient::SendSome(std::string_view bytes) {
  const ssize_t sent = send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent < 0 ? 0 : static_cast<size_t>(sent);
}

bool TestClient::Fill() {
  std::array<char, 65536> bytes{};
  if (!WaitFor(fd_.get(), POLLIN)) {
    ADD_FAILURE() << "nothing came from the server";
    return false;
  }
  const ssize_t received = recv(fd_.get(), bytes.data(), bytes.size(), 0);
  if (received <= 0) return false;
  buffer_.append(bytes.data(), static_cast<size_t>(received));
  return true;
}

TestAnswer TestClient::Read(bool head) {
  TestAnswer answer;
  size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!Fill()) return answer;
  }
  size_t line_end = buffer_.find("\r\n");
  EXPECT_EQ(buffer_.substr(0, 9), "HTTP/1.1 ");
  const int status = std::stoi(buffer_.substr(9, 3));
  while (line_end < end) {
    const size_t begin = line_end + 2;
    line_end = buffer_.find("\r\n", begin);
    const std::string line = buffer_.substr(begin, line_end - begin);
    const size_t colon = line.find(':');
    answer.headers[AsciiLower(line.substr(0, colon))] = TrimBlanks(line.substr(colon + 1));
  }
  buffer_.erase(0, end + 4);
  const bool has_body = !head && answer.headers.count("content-length") != 0;
  const size_t length = has_body ? std::stoul(answer.headers["content-length"]) : 0;
  while (buffer_.size() < length) {
    if (!Fill()) return answer;
  }
  answer.status = status;
  answer.body = buffer_.substr(0, length);
  buffer_.erase(0, length);
  return answer;
}

TestAnswer TestClient::Ask(const std::string& bytes) {
  Send(bytes);
  return Read();
}

bool TestClient::ReadsEnd() {
  if (!buffer_.empty()) return false;
  return !Fill() && buffer_.empty();
}

void TestClient::ShutdownWrite() { shutdown(fd_.get(), SHUT_WR); }

std::string PostRequest(const std::string& path, const std::string& body,
                        const std::string& headers) {
  return "POST " + path + " HTTP/1.1\r\nHost: t\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string GetRequest(const std::string& path, const std::string& headers) {
  return "GET " + path + " HTTP/1.1\r\nHost: t\r\n" + headers + "\r\n";
}

}  // namespace flambeau
