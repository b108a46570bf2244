#include "backend/torch/author_source.h"

#include <torch/csrc/jit/serialization/unpickler.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace flambeau {
namespace {

using c10::IValue;
using torch::jit::Source;
using torch::jit::SourceRange;

constexpr size_t kMaxText = 64 << 20;  // of all sources of one record

// A number of `width` bytes at `at`; nothing beyond the end.
std::optional<size_t> Number(std::string_view pickle, size_t at, size_t width) {
  if (at > pickle.size() || pickle.size() - at < width) return std::nullopt;
  uint64_t number = 0;
  std::memcpy(&number, pickle.data() + at, width);
  return static_cast<size_t>(number);
}

// How many bytes follow the instruction before `at`; nothing for one that these pickles do not
// have, and for a length or a place that is larger than the pickle: LibTorch would make room for
// it.
std::optional<size_t> OperandSize(std::string_view pickle, size_t at) {
  switch (static_cast<unsigned char>(pickle[at - 1])) {
    case '(':
    case ')':
    case ']':
    case 'N':
    case 'R':
    case 'a':
    case 'e':
    case 't':
    case 0x85:
    case 0x86:
    case 0x87:
    case 0x88:
    case 0x89:  // no operand
      return 0;
    case 0x80:
    case 'K':
    case 'h':
    case 'q':
      return 1;
    case 'M':
      return 2;
    case 'J':
      return 4;
    case 'j':
    case 'r': {  // a place to remember a value at
      const auto place = Number(pickle, at, 4);
      return place && *place <= pickle.size() ? std::optional<size_t>(4) : std::nullopt;
    }
    case 'X': {  // text
      const auto length = Number(pickle, at, 4);
      return length ? std::optional<size_t>(4 + *length) : std::nullopt;
    }
    case 0x8a: {  // a large number
      const auto length = Number(pickle, at, 1);
      return length ? std::optional<size_t>(1 + *length) : std::nullopt;
    }
    case 'c': {  // a name of two lines
      const size_t first = pickle.find('\n', at);
      const size_t second = first == std::string_view::npos ? first : pickle.find('\n', first + 1);
      return second == std::string_view::npos ? std::nullopt
                                              : std::optional<size_t>(second + 1 - at);
    }
    default:
      return std::nullopt;
  }
}

bool IsSound(std::string_view pickle) {
  size_t at = 0;
  while (at < pickle.size()) {
    if (pickle[at++] == '.') return true;
    const std::optional<size_t> size = OperandSize(pickle, at);
    if (!size || *size > pickle.size() - at) return false;
    at += *size;
  }
  return false;
}

// A pickle of numbers, strings, lists and tuples; nothing else is made.
IValue Unpickle(const char* bytes, size_t size) {
  size_t position = 0;
  auto read = [bytes, size, &position](char* out, size_t wanted) -> size_t {
    const size_t count = std::min(wanted, size - position);
    std::memcpy(out, bytes + position, count);
    position += count;
    return count;
  };
  const auto no_class = [](const c10::QualifiedName&) -> c10::StrongTypePtr {
    throw std::runtime_error("a class");
  };
  return torch::jit::Unpickler(read, no_class, c10::ArrayRef<at::Tensor>()).parse_ivalue();
}

// The records name each other's parts: a source is a file's name, its first line's number, and its
// text, which since PyTorch 1.10 is a list of places in a table of strings.
class Records {
 public:
  explicit Records(const IValue& pickle) : lines_(pickle) {
    const auto& parts = pickle.toTupleRef().elements();
    if (parts.empty() || !parts[0].isString() ||
        parts[0].toStringRef() != torch::jit::kFormatWithStringTable) {
      return;
    }
    for (const IValue& text : parts.at(1).toTupleRef().elements()) {
      table_.push_back(text.toStringRef());
    }
    has_table_ = true;
    lines_ = parts.at(2);
  }

  // Calls `take` with each place in the saved code and what it was made of.
  template <typename Take>
  void ForEach(Take take) {
    for (const IValue& line : lines_.toTupleRef().elements()) {
      const auto& parts = line.toTupleRef().elements();
      const auto& range = parts.at(torch::jit::kSourceRangeIndex).toTupleRef().elements();
      const std::shared_ptr<Source> source = SourceOf(range.at(0));
      const auto begin = static_cast<size_t>(range.at(1).toInt());
      const auto end = static_cast<size_t>(range.at(2).toInt());
      if (begin > end || end > source->size()) throw std::out_of_range("a range");
      take(static_cast<size_t>(parts.at(torch::jit::kByteOffsetIndex).toInt()),
           SourceRange(source, begin, end));
    }
  }

 private:
  // Many lines share one.
  std::shared_ptr<Source> SourceOf(const IValue& value) {
    std::shared_ptr<Source>& source = sources_[&value.toTupleRef()];
    if (source == nullptr) source = MakeSource(value.toTupleRef().elements());
    return source;
  }

  template <typename Elements>
  std::shared_ptr<Source> MakeSource(const Elements& parts) {
    std::string text;
    std::optional<std::string> file;
    if (has_table_) {
      for (const int64_t place : parts.at(0).toIntVector()) {
        text += table_.at(static_cast<size_t>(place));
        if (text.size() > kMaxText) throw std::length_error("the text");
      }
      file = table_.at(static_cast<size_t>(parts.at(1).toInt()));
    } else {
      text = parts.at(0).toStringRef();
      if (!parts.at(1).isNone()) file = parts.at(1).toStringRef();
    }
    text_bytes_ += text.size();
    if (text_bytes_ > kMaxText) throw std::length_error("the texts");
    const auto first_line = static_cast<size_t>(parts.at(2).toInt());
    return std::make_shared<Source>(text, std::move(file), first_line);
  }

  IValue lines_;
  bool has_table_ = false;
  std::vector<std::string> table_;
  std::unordered_map<const void*, std::shared_ptr<Source>> sources_;
  size_t text_bytes_ = 0;
};

}  // namespace

std::optional<SourceRange> AuthorSource::findSourceRangeThatGenerated(const SourceRange& range) {
  const std::lock_guard lock(mutex_);
  if (!ranges_) ranges_ = Read();
  auto after = ranges_->upper_bound(range.start());
  if (after == ranges_->begin()) return std::nullopt;
  return (--after)->second;
}

AuthorSource::Ranges AuthorSource::Read() const {
  Ranges ranges;
  try {
    const auto* const bytes = static_cast<const char*>(record_.get());
    if (!IsSound({bytes, size_})) return ranges;
    Records records(Unpickle(bytes, size_));
    records.ForEach([&ranges](size_t place, const SourceRange& range) {
      ranges.insert_or_assign(place, range);
    });
  } catch (...) {  // LibTorch's own exceptions, for a record that is damaged
    ranges.clear();
  }
  return ranges;
}

}  // namespace flambeau
