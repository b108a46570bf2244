#include "codec/json_cursor.h"

namespace flambeau {
namespace {

// An object with more keys, or an array walked element by element, is nobody's honest message; its
// keys would take many times the memory of its text.
constexpr size_t kMaxMembers = 1024;

// A key as it may be quoted in an error: short, and without control characters.
std::string Quotable(std::string_view key) {
  std::string text(key.substr(0, 64));
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20) c = '?';
  }
  return text;
}

}  // namespace

JsonCursor::JsonCursor(std::string_view text)
    : text_(text), p_(text.data()), end_(text.data() + text.size()) {
  p_ = SkipBlanks(p_, end_);
}

std::string JsonCursor::Path() const {
  std::string path;
  for (const Frame& frame : frames_) {
    if (frame.count == 0) break;
    if (frame.object) {
      if (!path.empty()) path += '.';
      path += Quotable(frame.key);
    } else {
      path += '[' + std::to_string(frame.count - 1) + ']';
    }
  }
  return path.empty() ? "the body" : path;
}

Status JsonCursor::Expected(std::string_view what) const {
  return InvalidArgument(Path() + " must be " + std::string(what));
}

Status JsonCursor::Fail(JsonFault fault) const {
  const std::string path = Path();
  std::string sentence = "the body is not valid JSON: " + std::string(Describe(fault));
  if (path != "the body") sentence += " at " + path;
  return InvalidArgument(sentence);
}

Result<JsonKind> JsonCursor::Kind() const {
  if (p_ == end_) return Fail(JsonFault::kEndsEarly);
  switch (*p_) {
    case '{':
      return JsonKind::kObject;
    case '[':
      return JsonKind::kArray;
    case '"':
      return JsonKind::kString;
    case 't':
    case 'f':
      return JsonKind::kBool;
    case 'n':
      return JsonKind::kNull;
    default:
      if (*p_ == '-' || IsDigit(*p_)) return JsonKind::kNumber;
      return Fail(JsonFault::kSyntax);
  }
}

Status JsonCursor::Enter(bool object) {
  FLAMBEAU_ASSIGN_OR_RETURN(const JsonKind kind, Kind());
  if (kind != (object ? JsonKind::kObject : JsonKind::kArray)) {
    return Expected(object ? "an object" : "an array");
  }
  if (frames_.size() == kMaxJsonDepth) return Fail(JsonFault::kTooDeep);
  p_ = SkipBlanks(p_ + 1, end_);
  Frame frame;
  frame.object = object;
  frames_.push_back(std::move(frame));
  return OkStatus();
}

Status JsonCursor::EnterObject() { return Enter(true); }
Status JsonCursor::EnterArray() { return Enter(false); }

Result<bool> JsonCursor::Next(char closer) {
  Frame& frame = frames_.back();
  p_ = SkipBlanks(p_, end_);
  if (p_ == end_) return Fail(JsonFault::kEndsEarly);
  if (*p_ == closer) {
    frames_.pop_back();
    p_ = SkipBlanks(p_ + 1, end_);
    return false;
  }
  if (frame.count > 0) {
    if (*p_ != ',') return Fail(JsonFault::kSyntax);
    p_ = SkipBlanks(p_ + 1, end_);
  }
  if (frame.count == kMaxMembers) {
    frame.count = 0;  // the path is the container's own
    return InvalidArgument(Path() + " has more than " + std::to_string(kMaxMembers) + " entries");
  }
  return true;
}

Result<bool> JsonCursor::NextKey() {
  FLAMBEAU_ASSIGN_OR_RETURN(const bool more, Next('}'));
  if (!more) return false;
  if (p_ == end_) return Fail(JsonFault::kEndsEarly);
  if (*p_ != '"') return Fail(JsonFault::kSyntax);
  Frame& frame = frames_.back();
  std::string key;
  JsonFault fault = JsonFault::kNone;
  const char* next = ScanString(p_, end_, &key, &fault);
  if (next == nullptr) return Fail(fault);
  frame.key = std::move(key);
  ++frame.count;
  p_ = SkipBlanks(next, end_);
  if (p_ == end_) return Fail(JsonFault::kEndsEarly);
  if (*p_ != ':') return Fail(JsonFault::kSyntax);
  p_ = SkipBlanks(p_ + 1, end_);
  if (!frame.keys.insert(frame.key).second) {
    return InvalidArgument("the key " + Path() + " occurs twice: send it once");
  }
  return true;
}

Result<bool> JsonCursor::NextElement() {
  FLAMBEAU_ASSIGN_OR_RETURN(const bool more, Next(']'));
  if (more) ++frames_.back().count;
  return more;
}

Result<std::string> JsonCursor::TakeString() {
  FLAMBEAU_ASSIGN_OR_RETURN(const JsonKind kind, Kind());
  if (kind != JsonKind::kString) return Expected("a string");
  std::string text;
  JsonFault fault = JsonFault::kNone;
  const char* next = ScanString(p_, end_, &text, &fault);
  if (next == nullptr) return Fail(fault);
  p_ = next;
  return text;
}

Result<std::string> JsonCursor::TakeName() {
  FLAMBEAU_ASSIGN_OR_RETURN(std::string name, TakeString());
  if (name.empty()) return InvalidArgument(Path() + " must not be empty");
  if (name.find('\0') != std::string::npos) {
    return InvalidArgument(Path() + " must not contain a NUL character");
  }
  return name;
}

Result<int64_t> JsonCursor::TakeInt64() {
  FLAMBEAU_ASSIGN_OR_RETURN(const JsonKind kind, Kind());
  if (kind != JsonKind::kNumber) return Expected("a whole number");
  JsonNumber number;
  const char* next = ScanNumber(p_, end_, &number);
  if (next == nullptr) return Fail(JsonFault::kSyntax);
  int64_t value = 0;
  if (!number.integral) return Expected("a whole number, without fraction or exponent");
  if (!ToInt64(number, &value)) return Expected("a whole number that fits 64 bits");
  p_ = next;
  return value;
}

Result<double> JsonCursor::TakeDouble() {
  FLAMBEAU_ASSIGN_OR_RETURN(const JsonKind kind, Kind());
  if (kind != JsonKind::kNumber) return Expected("a number");
  JsonNumber number;
  const char* next = ScanNumber(p_, end_, &number);
  if (next == nullptr) return Fail(JsonFault::kSyntax);
  double value = 0;
  if (!ToDouble(number, p_, next, &value)) return Expected("a number that fits 64 bits");
  p_ = next;
  return value;
}

Result<bool> JsonCursor::TakeBool() {
  FLAMBEAU_ASSIGN_OR_RETURN(const JsonKind kind, Kind());
  if (kind != JsonKind::kBool) return Expected("true or false");
  const bool value = *p_ == 't';
  FLAMBEAU_RETURN_IF_ERROR(Skip());
  return value;
}

Status JsonCursor::Skip() {
  JsonFault fault = JsonFault::kNone;
  const char* next = CheckValue(p_, end_, &fault);
  if (next == nullptr) return Fail(fault);
  p_ = next;
  return OkStatus();
}

Result<std::string_view> JsonCursor::TakeRaw() {
  JsonFault fault = JsonFault::kNone;
  const char* next = DelimitValue(p_, end_, &fault);
  if (next == nullptr) return Fail(fault);
  const std::string_view raw(p_, static_cast<size_t>(next - p_));
  p_ = next;
  return raw;
}

Status JsonCursor::Finish() {
  p_ = SkipBlanks(p_, end_);
  if (p_ == end_) return OkStatus();
  return InvalidArgument("the body has text after its JSON value, at byte " +
                         std::to_string(p_ - text_.data()) + ": send one JSON object");
}

}  // namespace flambeau
