#include "cli/record.h"

#include <httplib.h>

#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>

#include "cli/example_file.h"
#include "cli/exit_codes.h"
#include "cli/files.h"

namespace flambeau::client {
namespace {

using nlohmann::json;

int Fail(const std::string& sentence, int code) {
  std::cerr << "flambeau: " << sentence << "\n";
  return code;
}

// What the server says is wrong.
std::string ErrorOf(const httplib::Result& answer) {
  const json body = json::parse(answer->body, nullptr, /*allow_exceptions=*/false);
  if (body.is_object() && body.contains("error") && body["error"].is_string()) {
    return body["error"].get<std::string>();
  }
  return "the server answered with status " + std::to_string(answer->status);
}

absl::StatusOr<std::string> AllLines(const std::string& requests) {
  if (requests == "-") {
    return std::string(std::istreambuf_iterator<char>(std::cin), std::istreambuf_iterator<char>());
  }
  return ReadFile(requests);
}

}  // namespace

std::string PredictPath(const RecordOptions& options) {
  std::string path = "/predict/" + options.model;
  if (!options.version.empty()) path += "/" + options.version;
  if (!options.method.empty()) path += ":" + options.method;
  return path;
}

std::string RecordedText(const RecordOptions& options, size_t examples) {
  if (options.json) return json({{"examples", examples}, {"file", options.out}}).dump() + "\n";
  return std::to_string(examples) + (examples == 1 ? " example" : " examples") + " written to " +
         options.out + "\n";
}

absl::StatusOr<std::vector<std::string>> ReadRequests(const RecordOptions& options) {
  std::vector<std::string> requests;
  if (!options.data.empty()) {
    requests.push_back(options.data);
  } else {
    const absl::StatusOr<std::string> text = AllLines(options.requests);
    if (!text.ok()) return text.status();
    std::istringstream lines(*text);
    for (std::string line; std::getline(lines, line);) {
      if (line.find_first_not_of(" \t\r") != std::string::npos) requests.push_back(line);
    }
  }
  if (requests.empty()) return absl::InvalidArgumentError("there is no request to record");
  if (requests.size() > kMaxExamples) {
    return absl::InvalidArgumentError("there are more than 1024 requests; record fewer");
  }
  for (size_t i = 0; i < requests.size(); ++i) {
    if (json::parse(requests[i], nullptr, /*allow_exceptions=*/false).is_object()) continue;
    return absl::InvalidArgumentError("request " + std::to_string(i + 1) +
                                      R"( is no JSON object; write {"input": ...} on one line)");
  }
  return requests;
}

int Record(const RecordOptions& options, const std::vector<std::string>& requests) {
  httplib::Client client(options.url);
  if (!client.is_valid()) {
    return Fail("'" + options.url + "' is no address; write --url http://HOST:PORT", kExitUsage);
  }
  client.set_keep_alive(true);
  client.set_read_timeout(options.timeout);
  client.set_connection_timeout(options.timeout);
  ExampleFile file(options.out, options.method);
  for (size_t i = 0; i < requests.size(); ++i) {
    const std::string which = "request " + std::to_string(i + 1) + ": ";
    const httplib::Result answer =
        client.Post(PredictPath(options), requests[i], "application/json");
    if (!answer) {
      return Fail(
          "no server answers at " + options.url + " (" + httplib::to_string(answer.error()) + ")",
          kExitUnreachable);
    }
    if (answer->status != 200) return Fail(which + ErrorOf(answer), kExitServer);
    const absl::Status added = file.Add(requests[i], answer->body);
    if (!added.ok()) return Fail(which + std::string(added.message()), kExitServer);
  }
  const absl::Status saved = file.Save();
  if (!saved.ok()) return Fail(std::string(saved.message()), kExitUsage);
  std::cout << RecordedText(options, file.size());
  return kExitOk;
}

}  // namespace flambeau::client
