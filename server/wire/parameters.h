// What the request messages have in common: their envelope and their parameters.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "base/status.h"
#include "codec/json_cursor.h"
#include "codec/json_numbers.h"
#include "tensor/value.h"

namespace flambeau {

// Into the object that the whole body must be; `expected` describes one.
// Errors: INVALID_ARGUMENT.
Status EnterBody(JsonCursor* cursor, std::string_view text, std::string_view expected);

// A body that may be empty: an object, or nothing but blanks. `member` takes the value of each key.
// Errors: INVALID_ARGUMENT, or `member`'s.
Status DecodeOptionalBody(PaddedJson body, const std::function<Status(JsonCursor*)>& member);

// The parameter `timeout` at the cursor, in microseconds; 0 means none.
// Errors: INVALID_ARGUMENT.
Result<std::optional<int64_t>> DecodeTimeout(JsonCursor* cursor);

// A whole number, 0 or more.
// Errors: INVALID_ARGUMENT.
Result<int64_t> TakeCount(JsonCursor* cursor);

// A parameter without a meaning in the protocol: a string, a number or a boolean.
// Errors: INVALID_ARGUMENT.
Result<Value> TakeParameter(JsonCursor* cursor);

// Past one that can mean nothing to us.
// Errors: INVALID_ARGUMENT.
Status SkipParameter(JsonCursor* cursor);

}  // namespace flambeau
