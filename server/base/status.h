// Status and Result<T>: how every folder reports failure. Exceptions never cross a folder border.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace flambeau {

using Status = absl::Status;
using StatusCode = absl::StatusCode;

template <typename T>
using Result = absl::StatusOr<T>;

inline Status OkStatus() { return absl::OkStatus(); }

// One sentence for the client that names the field and the fix. Never C++ text, never a host path
// that the client did not send.
inline Status InvalidArgument(const std::string& sentence) {
  return absl::InvalidArgumentError(sentence);
}
inline Status NotFound(const std::string& sentence) { return absl::NotFoundError(sentence); }
inline Status Internal(const std::string& sentence) { return absl::InternalError(sentence); }
inline Status Unavailable(const std::string& sentence) { return absl::UnavailableError(sentence); }
inline Status Unimplemented(const std::string& sentence) {
  return absl::UnimplementedError(sentence);
}
inline Status FailedPrecondition(const std::string& sentence) {
  return absl::FailedPreconditionError(sentence);
}
inline Status ResourceExhausted(const std::string& sentence) {
  return absl::ResourceExhaustedError(sentence);
}
inline Status DeadlineExceeded(const std::string& sentence) {
  return absl::DeadlineExceededError(sentence);
}
inline Status Cancelled(const std::string& sentence) { return absl::CancelledError(sentence); }

// The sentence as the standard library's own view: abseil's differs from it on Debian 12.
inline std::string_view Message(const Status& status) {
  return {status.message().data(), status.message().size()};
}

}  // namespace flambeau

#define FLAMBEAU_RETURN_IF_ERROR(expression)           \
  do {                                                 \
    ::flambeau::Status flambeau_status = (expression); \
    if (!flambeau_status.ok()) return flambeau_status; \
  } while (false)

#define FLAMBEAU_CONCAT_INNER(a, b) a##b
#define FLAMBEAU_CONCAT(a, b) FLAMBEAU_CONCAT_INNER(a, b)

// FLAMBEAU_ASSIGN_OR_RETURN(auto x, F()): x = *F(), or return its Status.
#define FLAMBEAU_ASSIGN_OR_RETURN(declaration, expression)         \
  auto FLAMBEAU_CONCAT(flambeau_result_, __LINE__) = (expression); \
  if (!FLAMBEAU_CONCAT(flambeau_result_, __LINE__).ok())           \
    return FLAMBEAU_CONCAT(flambeau_result_, __LINE__).status();   \
  declaration = *std::move(FLAMBEAU_CONCAT(flambeau_result_, __LINE__)) /* NOLINT */
