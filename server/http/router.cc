#include "http/router.h"

#include <httplib.h>

#include <algorithm>
#include <cctype>
#include <unordered_map>
#include <utility>

namespace flambeau {
namespace {

// A request line in memory; what httplib answers goes nowhere, our own writer answers.
class MemoryStream final : public httplib::Stream {
 public:
  explicit MemoryStream(std::string_view input) : input_(input) {}

  bool is_readable() const override { return !input_.empty(); }
  bool wait_readable() const override { return !input_.empty(); }
  bool wait_writable() const override { return true; }
  ssize_t read(char* to, size_t size) override {
    const size_t count = input_.copy(to, size);
    input_.remove_prefix(count);
    return static_cast<ssize_t>(count);
  }
  ssize_t write(const char* from, size_t size) override { return static_cast<ssize_t>(size); }
  void get_remote_ip_and_port(std::string& ip, int& port) const override {}
  void get_local_ip_and_port(std::string& ip, int& port) const override {}
  socket_t socket() const override { return INVALID_SOCKET; }
  time_t duration() const override { return 0; }

 private:
  std::string_view input_;
};

// What stands behind one pattern.
struct Resource {
  std::vector<std::pair<std::string, std::shared_ptr<HttpHandler>>> methods;
};

// Filled in by the callbacks that process_request makes, on its own thread.
struct Capture {
  const Resource* resource = nullptr;
  std::map<std::string, std::string> path_params;
};
thread_local Capture* current_capture = nullptr;

bool IsPattern(std::string_view pattern) {
  return !pattern.empty() && pattern.front() == '/' &&
         std::all_of(pattern.begin(), pattern.end(), [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '/' || c == ':' ||
                  c == '_' || c == '-' || c == '.';
         });
}

std::string Allow(const Resource& resource) {
  std::string allow;
  for (const auto& [method, handler] : resource.methods) {
    allow += (allow.empty() ? "" : ", ") + method;
    if (method == "GET") allow += ", HEAD";
  }
  return allow;
}

RouteMatch Refuse(int status, std::string sentence) {
  RouteMatch match;
  match.status = status;
  match.sentence = std::move(sentence);
  return match;
}

RouteMatch MethodOf(const Resource& resource, std::string_view method) {
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  RouteMatch match;
  for (const auto& [name, handler] : resource.methods) {
    if (name == wanted) match.handler = handler.get();
  }
  if (match.handler != nullptr) return match;
  match.status = 405;
  match.allow = Allow(resource);
  match.sentence = "This path takes " + match.allow + " only.";
  return match;
}

class HttplibRouter final : public Router, private httplib::Server {
 public:
  HttplibRouter() {
    // httplib would take a literal path for a regular expression: those are looked up here.
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response&) {
      const auto literal = literals_.find(request.path);
      if (literal == literals_.end()) return HandlerResponse::Unhandled;
      current_capture->resource = literal->second;
      return HandlerResponse::Handled;
    });
  }

  Status Add(HttpRoute route) {
    if (!IsPattern(route.pattern)) {
      return InvalidArgument("The route " + route.pattern + " is not literal segments and names.");
    }
    auto& resource = resources_[route.pattern];
    if (resource == nullptr) {
      resource = std::make_unique<Resource>();
      Register(route.pattern, resource.get());
    }
    for (const auto& [method, handler] : resource->methods) {
      if (method == route.method) {
        return InvalidArgument("The route " + method + " " + route.pattern + " is there twice.");
      }
    }
    resource->methods.emplace_back(std::move(route.method), std::move(route.handler));
    return OkStatus();
  }

  RouteMatch Find(std::string_view method, std::string_view path) override {
    if (const std::string_view error = PathError(path); !error.empty()) {
      return Refuse(400, std::string(error));
    }
    Capture capture;
    Process(path, &capture);
    if (capture.resource == nullptr) return Refuse(404, "There is nothing at this path.");
    for (const auto& [name, value] : capture.path_params) {
      if (value.empty()) return Refuse(400, "The " + name + " in the path is empty.");
    }
    RouteMatch match = MethodOf(*capture.resource, method);
    match.path_params = std::move(capture.path_params);
    return match;
  }

 private:
  void Register(const std::string& pattern, const Resource* resource) {
    if (pattern.find("/:") == std::string::npos) {
      literals_[pattern] = resource;
      return;
    }
    Get(pattern, [resource](const httplib::Request& request, httplib::Response&) {
      current_capture->resource = resource;
      current_capture->path_params = {request.path_params.begin(), request.path_params.end()};
    });
  }

  void Process(std::string_view path, Capture* capture) {
    // The method is ours to judge: httplib knows no 405.
    std::string line = "GET ";
    line.append(path).append(" HTTP/1.1\r\n\r\n");
    MemoryStream stream(line);
    const std::string no_address;
    bool closed = false;
    current_capture = capture;
    process_request(stream, no_address, 0, no_address, 0, false, closed, nullptr);
    current_capture = nullptr;
  }

  std::unordered_map<std::string, std::unique_ptr<Resource>> resources_;
  std::unordered_map<std::string, const Resource*> literals_;
};

}  // namespace

Result<std::unique_ptr<Router>> Router::Create(std::vector<HttpRoute> routes) {
  auto router = std::make_unique<HttplibRouter>();
  for (HttpRoute& route : routes) {
    FLAMBEAU_RETURN_IF_ERROR(router->Add(std::move(route)));
  }
  return std::unique_ptr<Router>(std::move(router));
}

}  // namespace flambeau
