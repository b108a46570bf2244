// An Inspection as JSON: what a process that tried a model out hands to the server, and what is
// kept for the next start.
#pragma once

#include <string>
#include <string_view>

#include "base/status.h"
#include "repository/inspector.h"

namespace flambeau {

// One line. Errors: none.
std::string EncodeInspection(const Inspection& inspection);

// Errors: INVALID_ARGUMENT if `text` is not what EncodeInspection writes.
Result<Inspection> DecodeInspection(std::string_view text);

// The shapes alone, as a server hands them to a process that tries a model out. One line.
std::string EncodeSeenShapes(const SeenShapes& seen);

// Errors: INVALID_ARGUMENT if `text` is not what EncodeSeenShapes writes.
Result<SeenShapes> DecodeSeenShapes(std::string_view text);

}  // namespace flambeau
