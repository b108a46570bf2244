// flambeau status: is the server ready, and which models has it?
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "flambeau/client.h"

namespace flambeau::client {

struct ModelReport {
  ModelState state;
  ModelMetadata metadata;  // empty unless READY
};

struct ServerReport {
  std::string address;
  ServerMetadata server;
  bool ready = false;
  std::vector<ModelReport> models;
};

absl::StatusOr<ServerReport> AskStatus(Client* client, const std::string& address);

std::string StatusAsJson(const ServerReport& report);
std::string StatusAsText(const ServerReport& report, bool colour);

}  // namespace flambeau::client
