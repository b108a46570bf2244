#include "wire/parameters.h"

#include <string>

namespace flambeau {

Status EnterBody(JsonCursor* cursor, std::string_view text, std::string_view expected) {
  if (SkipBlanks(text.data(), text.data() + text.size()) == text.data() + text.size()) {
    return InvalidArgument("the body is empty: send " + std::string(expected));
  }
  FLAMBEAU_ASSIGN_OR_RETURN(const JsonKind kind, cursor->Kind());
  if (kind != JsonKind::kObject) return cursor->Expected(expected);
  return cursor->EnterObject();
}

Result<int64_t> TakeCount(JsonCursor* cursor) {
  FLAMBEAU_ASSIGN_OR_RETURN(const int64_t count, cursor->TakeInt64());
  if (count >= 0) return count;
  return InvalidArgument(cursor->Path() + " is " + std::to_string(count) +
                         ": it must be 0 or more");
}

Result<std::optional<int64_t>> DecodeTimeout(JsonCursor* cursor) {
  FLAMBEAU_ASSIGN_OR_RETURN(const int64_t timeout, TakeCount(cursor));
  return timeout == 0 ? std::nullopt : std::optional<int64_t>(timeout);
}

Status SkipParameter(JsonCursor* cursor) {
  FLAMBEAU_ASSIGN_OR_RETURN(const JsonKind kind, cursor->Kind());
  if (kind == JsonKind::kObject || kind == JsonKind::kArray || kind == JsonKind::kNull) {
    return cursor->Expected("a string, a number or a boolean");
  }
  return cursor->Skip();
}

}  // namespace flambeau
