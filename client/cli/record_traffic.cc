#include "cli/record_traffic.h"

#include <httplib.h>
#include <strings.h>

#include <iostream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/example_file.h"
#include "cli/exit_codes.h"

namespace flambeau::client {
namespace {

constexpr size_t kMaxBodyBytes = 64 << 20;

// What belongs to one connection and not to the message that is passed on.
bool IsOfTheConnection(const std::string& header) {
  for (const char* name : {"Connection", "Content-Length", "Transfer-Encoding", "Host",
                           "Keep-Alive", "Accept-Encoding", "REMOTE_ADDR", "REMOTE_PORT",
                           "LOCAL_ADDR", "LOCAL_PORT", "Content-Type", "Content-Encoding"}) {
    if (strcasecmp(header.c_str(), name) == 0) return true;
  }
  return false;
}

httplib::Headers ToPassOn(const httplib::Headers& headers) {
  httplib::Headers passed;
  for (const auto& [name, value] : headers) {
    if (!IsOfTheConnection(name)) passed.emplace(name, value);
  }
  return passed;
}

// Between clients and a server. Threads: httplib's own, which it joins before Run returns.
class Recorder {
 public:
  explicit Recorder(const RecordOptions& options)
      : options_(options), file_(options.out, options.method) {
    server_.set_payload_max_length(kMaxBodyBytes);
    const auto pass = [this](const httplib::Request& request, httplib::Response& response) {
      Pass(request, response);
    };
    server_.Get(".*", pass);
    server_.Post(".*", pass);
  }

  int Run() {
    int port = options_.listen;
    const bool bound = port == 0 ? (port = server_.bind_to_any_port("127.0.0.1")) > 0
                                 : server_.bind_to_port("127.0.0.1", port);
    if (!bound) {
      std::cerr << "flambeau: port " << options_.listen << " is in use\n";
      return kExitUsage;
    }
    const std::string address = "http://127.0.0.1:" + std::to_string(port) + PredictPath(options_);
    std::cout << (options_.json ? nlohmann::json({{"recording", address}}).dump()
                                : "recording at " + address)
              << std::endl;
    server_.listen_after_bind();
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) {
      std::cerr << "flambeau: " << failure_.message() << "\n";
      return kExitUsage;
    }
    std::cout << RecordedText(options_, file_.size());
    return kExitOk;
  }

 private:
  void Pass(const httplib::Request& request, httplib::Response& response) {
    httplib::Client client(options_.url);
    client.set_read_timeout(options_.timeout);
    const httplib::Headers headers = ToPassOn(request.headers);
    const std::string type = request.get_header_value("Content-Type");
    const httplib::Result answer = request.method == "POST"
                                       ? client.Post(request.target, headers, request.body, type)
                                       : client.Get(request.target, headers);
    if (!answer) {
      response.status = 502;
      response.set_content(R"({"error":"No server answers behind flambeau record."})",
                           "application/json");
      return;
    }
    response.status = answer->status;
    for (const auto& [name, value] : ToPassOn(answer->headers)) response.set_header(name, value);
    response.set_content(answer->body, answer->get_header_value("Content-Type"));
    if (request.method == "POST" && request.path == PredictPath(options_) &&
        answer->status == 200) {
      Keep(request.body, answer->body);
    }
  }

  // An answer that no example can hold is the client's all the same.
  void Keep(const std::string& request, const std::string& response) {
    const std::lock_guard lock(mutex_);
    if (file_.size() >= static_cast<size_t>(options_.count)) return;
    if (!nlohmann::json::accept(request) || !file_.Add(request, response).ok()) return;
    failure_ = file_.Save();
    if (!failure_.ok() || file_.size() >= static_cast<size_t>(options_.count)) server_.stop();
  }

  const RecordOptions options_;
  httplib::Server server_;
  std::mutex mutex_;
  ExampleFile file_;
  absl::Status failure_;
};

}  // namespace

int RecordTraffic(const RecordOptions& options) { return Recorder(options).Run(); }

}  // namespace flambeau::client
