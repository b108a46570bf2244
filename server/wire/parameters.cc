#include "wire/parameters.h"

#include <charconv>
#include <string>
#include <system_error>
#include <utility>

namespace flambeau {

namespace {

// A whole number if it is written as one and fits, else an FP64.
Result<Value> TakeNumber(JsonCursor* cursor) {
  FLAMBEAU_ASSIGN_OR_RETURN(const std::string_view text, cursor->TakeRaw());
  const char* const end = text.data() + text.size();
  int64_t integer = 0;
  const auto [stop, error] = std::from_chars(text.data(), end, integer);
  if (error == std::errc() && stop == end) return Value{integer};
  double number = 0;
  if (std::from_chars(text.data(), end, number).ec == std::errc()) return Value{number};
  return cursor->Expected("a number that fits FP64");
}

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

Result<Value> TakeParameter(JsonCursor* cursor) {
  FLAMBEAU_ASSIGN_OR_RETURN(const JsonKind kind, cursor->Kind());
  if (kind == JsonKind::kNumber) return TakeNumber(cursor);
  if (kind == JsonKind::kBool) {
    FLAMBEAU_ASSIGN_OR_RETURN(const bool flag, cursor->TakeBool());
    return Value{flag};
  }
  if (kind != JsonKind::kString) return cursor->Expected("a string, a number or a boolean");
  FLAMBEAU_ASSIGN_OR_RETURN(std::string text, cursor->TakeString());
  return Value{std::move(text)};
}

Status SkipParameter(JsonCursor* cursor) {
  FLAMBEAU_ASSIGN_OR_RETURN(const JsonKind kind, cursor->Kind());
  if (kind == JsonKind::kObject || kind == JsonKind::kArray || kind == JsonKind::kNull) {
    return cursor->Expected("a string, a number or a boolean");
  }
  return cursor->Skip();
}

}  // namespace flambeau
