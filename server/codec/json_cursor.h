// Walks a JSON message front to back, one value at a time, with the path for errors.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "base/status.h"
#include "codec/json_scan.h"

namespace flambeau {

enum class JsonKind : uint8_t { kObject, kArray, kString, kNumber, kBool, kNull };

// Strict JSON: UTF-8, no duplicate keys, nothing after the value. It never recurses and never holds
// more than the keys of the objects it is inside.
//
//   FLAMBEAU_RETURN_IF_ERROR(cursor.EnterObject());
//   while (true) {
//     FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor.NextKey());
//     if (!more) break;
//     if (cursor.key() == "id") ... cursor.TakeString() ... else cursor.Skip()
//   }
//   FLAMBEAU_RETURN_IF_ERROR(cursor.Finish());
//
// Threads: one. Lifetime: refers to the text. Errors: INVALID_ARGUMENT, one sentence that names the
// field; after one the cursor is of no further use.
class JsonCursor {
 public:
  explicit JsonCursor(std::string_view text);

  // What the value at the cursor is, by its first character.
  Result<JsonKind> Kind() const;

  // Into the value, which must be an object; then NextKey goes to each value in turn, and leaves
  // the object when it says false. The same for arrays.
  Status EnterObject();
  Result<bool> NextKey();
  const std::string& key() const { return frames_.back().key; }
  Status EnterArray();
  Result<bool> NextElement();
  size_t index() const { return frames_.back().count - 1; }

  // Each of these goes past the value at the cursor.
  Result<std::string> TakeString();
  Result<std::string> TakeName();  // a string, not empty, without NUL
  Result<int64_t> TakeInt64();     // a number without fraction or exponent
  Result<double> TakeDouble();
  Result<bool> TakeBool();
  Status Skip();  // checked in full but for duplicate keys
  // The value's text. Of an array or object only the end has been found: whoever reads it checks
  // it.
  Result<std::string_view> TakeRaw();

  // Nothing but blanks may follow the outermost value.
  Status Finish();

  // Where the cursor is: "inputs[0].shape[1]"; "the body" at the outermost value.
  std::string Path() const;
  // "<path> must be <what>".
  Status Expected(std::string_view what) const;

 private:
  struct Frame {
    bool object;
    size_t count = 0;  // keys or elements begun
    std::string key;
    absl::flat_hash_set<std::string> keys;
  };

  Status Enter(bool object);
  // At the next key or element: true; past the closing bracket: false.
  Result<bool> Next(char closer);
  Status Fail(JsonFault fault) const;

  const std::string_view text_;
  const char* p_;
  const char* const end_;
  std::vector<Frame> frames_;
};

}  // namespace flambeau
