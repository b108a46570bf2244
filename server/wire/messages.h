// The small JSON messages: health, metadata, index, errors, and GET /.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "codec/json_numbers.h"
#include "serving/server_info.h"

namespace flambeau {

std::string EncodeError(std::string_view sentence);               // {"error": "..."}
std::string EncodeLive(bool live);                                // {"live":true}
std::string EncodeReady(bool ready);                              // {"ready":true}
std::string EncodeModelReady(std::string_view name, bool ready);  // {"name":..,"ready":true}
std::string EncodeServerMetadata(const ServerMetadata& metadata);
std::string EncodeModelMetadata(const ModelMetadata& metadata);
std::string EncodeIndex(const std::vector<IndexEntry>& entries);  // an array
// GET /: the server, its models with their inputs, and its endpoints, for people and programs.
std::string EncodeWelcome(const ServerMetadata& server, const std::vector<IndexEntry>& entries);

// POST /v2/repository/index: {} or {"ready": bool} or empty. INVALID_ARGUMENT otherwise.
Result<bool> DecodeIndexRequest(PaddedJson body);

}  // namespace flambeau
