#include "wire/parameters.h"

#include <string>

namespace flambeau {

namespace {

bool IsBlank(std::string_view text) {
  const char* const end = text.data() + text.size();
  return SkipBlanks(text.data(), end) == end;
}

}  // namespace

Status EnterBody(JsonCursor* cursor, std::string_view text, std::string_view expected) {
  if (IsBlank(text)) {
    return InvalidArgument("the body is empty: send " + std::string(expected));
  }
  FLAMBEAU_ASSIGN_OR_RETURN(const JsonKind kind, cursor->Kind());
  if (kind != JsonKind::kObject) return cursor->Expected(expected);
  return cursor->EnterObject();
}

Status DecodeOptionalBody(PaddedJson body, const std::function<Status(JsonCursor*)>& member) {
  if (IsBlank(body.text)) return OkStatus();
  JsonCursor cursor(body.text);
  FLAMBEAU_RETURN_IF_ERROR(cursor.EnterObject());
  while (true) {
    FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor.NextKey());
    if (!more) return cursor.Finish();
    FLAMBEAU_RETURN_IF_ERROR(member(&cursor));
  }
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
