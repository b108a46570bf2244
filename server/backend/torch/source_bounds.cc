#include "backend/torch/source_bounds.h"

#include <pthread.h>

#include <algorithm>
#include <cctype>
#include <vector>

namespace flambeau {
namespace {

// What torch.jit.save writes stays far below: it gives a name to each part of a long expression.
constexpr size_t kMaxExpressionDepth = 500;
constexpr size_t kMaxBlockDepth = 100;  // Python's own limit
// By the worst measured, a function costs the compiler's stack 8 KB and each level in it 1 KB.
constexpr size_t kFunctionDepth = 8;
constexpr size_t kMaxTotalDepth = 400000;
constexpr size_t kStackBytes = size_t{1} << 30;  // touched as it is used

bool IsWordChar(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

bool IsOperatorWord(std::string_view word) {
  return word == "not" || word == "and" || word == "or" || word == "if" || word == "else" ||
         word == "in" || word == "is" || word == "lambda";
}

class SourceScan {
 public:
  explicit SourceScan(std::string_view text) : text_(text) {}

  bool Fits() {
    StartLine();
    while (at_ < text_.size()) {
      Step();
      if (depth_ > kMaxExpressionDepth || blocks_.size() > kMaxBlockDepth) return false;
    }
    total_ += deepest_;
    return true;
  }
  // Every function's deepest place, added up.
  size_t total() const { return total_; }

 private:
  void Step() {
    const char c = text_[at_];
    if (c == '#') return SkipLine();
    if (c == '"' || c == '\'') return SkipString(c);
    if (IsWordChar(c)) return Word();
    ++at_;
    if (c == '(' || c == '[' || c == '{') {
      Deepen();  // a call or an index hangs on what stands before it
      links_.push_back(0);
    } else if (c == ')' || c == ']' || c == '}') {
      Close();
    } else if (c == ',' || c == ':' || c == ';' || IsAssignment(c)) {
      EndOperand();
    } else if (c == '\n') {
      if (links_.size() == 1) EndOperand();
      if (links_.size() == 1) StartLine();
    } else if (c != ' ' && c != '\t' && c != '\r' && c != '\\') {
      Deepen();
    }
  }

  // "=", but not a part of "==", "<=" and the like, which chain. `at_` is behind it.
  bool IsAssignment(char c) const {
    if (c != '=') return false;
    const char before = at_ > 1 ? text_[at_ - 2] : ' ';
    const char after = at_ < text_.size() ? text_[at_] : ' ';
    return after != '=' && before != '=' && before != '!' && before != '<' && before != '>';
  }

  void Deepen() {
    ++links_.back();
    deepest_ = std::max(deepest_, ++depth_);
  }
  void EndOperand() {
    depth_ -= links_.back();
    links_.back() = 0;
  }
  void Close() {
    EndOperand();
    if (links_.size() > 1) links_.pop_back();
  }

  void Word() {
    const size_t begin = at_;
    while (at_ < text_.size() && IsWordChar(text_[at_])) ++at_;
    const std::string_view word = text_.substr(begin, at_ - begin);
    if (IsOperatorWord(word)) Deepen();
    if (word != "def") return;
    total_ += deepest_ + kFunctionDepth;
    deepest_ = 0;
  }

  void SkipLine() { at_ = std::min(text_.find('\n', at_), text_.size()); }

  void SkipString(char quote) {
    const std::string_view rest = text_.substr(at_);
    const bool triple = rest.size() > 2 && rest[1] == quote && rest[2] == quote;
    at_ += triple ? 3 : 1;
    while (at_ < text_.size()) {
      if (text_[at_] == '\\') {
        at_ += 2;
        continue;
      }
      if (text_[at_++] != quote) continue;
      if (!triple) return;
      if (text_.substr(at_, 2) == std::string_view(rest.data(), 2)) {
        at_ += 2;
        return;
      }
    }
    at_ = text_.size();
  }

  // Blocks are the distinct indentations of the lines above that are smaller than this line's.
  void StartLine() {
    size_t end = at_;
    while (end < text_.size() && (text_[end] == ' ' || text_[end] == '\t')) ++end;
    if (end < text_.size() && (text_[end] == '\n' || text_[end] == '#')) return;
    const size_t indent = end - at_;
    while (!blocks_.empty() && blocks_.back() >= indent) blocks_.pop_back();
    blocks_.push_back(indent);
    at_ = end;
  }

  const std::string_view text_;
  size_t at_ = 0;
  std::vector<size_t> links_ = {0};  // by open bracket: what the operand there hangs on so far
  size_t depth_ = 0;                 // the sum of links_
  size_t deepest_ = 0;               // of depth_, in this function
  size_t total_ = 0;
  std::vector<size_t> blocks_;
};

void* RunBody(void* body) {
  (*static_cast<const std::function<void()>*>(body))();
  return nullptr;
}

}  // namespace

Status SourceBounds::Add(std::string_view source) {
  SourceScan scan(source);
  const bool fits = scan.Fits();
  total_depth_ += scan.total();
  if (fits && total_depth_ <= kMaxTotalDepth) return OkStatus();
  return InvalidArgument(
      "The model's code nests too deeply to be compiled safely: simplify the model.");
}

Status RunOnDeepStack(const std::function<void()>& body) {
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStackBytes);
  void* const argument = const_cast<std::function<void()>*>(&body);
  const int failed = pthread_create(&thread, &attributes, RunBody, argument);
  pthread_attr_destroy(&attributes);
  if (failed != 0) return ResourceExhausted("There is no memory to compile the model in.");
  pthread_setname_np(thread, "compile");
  pthread_join(thread, nullptr);
  return OkStatus();
}

}  // namespace flambeau
