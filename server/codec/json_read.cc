#include <algorithm>
#include <memory>
#include <utility>

#include "codec/json_elements.h"
#include "codec/json_numbers.h"
#include "codec/nesting.h"

namespace flambeau {
namespace {

Status Broken(const Nesting& nesting, std::string_view field, JsonFault fault) {
  std::string sentence(field);
  sentence += " is not valid JSON: " + std::string(Describe(fault));
  if (nesting.depth() > 0) sentence += " near " + nesting.Path();
  return InvalidArgument(sentence);
}

// Elements of a fixed size, straight into the tensor's memory.
template <typename Reader>
class FixedSink {
 public:
  using Type = typename Reader::Type;

  explicit FixedSink(DType dtype) : dtype_(dtype) {}

  Status Begin(std::string_view text) {
    // One element more than there are commas, and each takes a character and a separator.
    const size_t most = std::min(CountCommas(text) + 1, text.size() / 2 + 1);
    FLAMBEAU_ASSIGN_OR_RETURN(tensor_, Tensor::AllocateBytes(dtype_, {}, most * sizeof(Type)));
    out_ = reinterpret_cast<Type*>(tensor_.mutable_data());
    limit_ = out_ + most;
    return OkStatus();
  }
  const char* Read(const char* p, const char* end) {
    if (out_ == limit_) return nullptr;
    return Reader::Read(p, end, out_++, &fault_);
  }
  Status Error(const std::string& path, const char* p, const char* end) const {
    return ElementError(path, p, end, dtype_, fault_, JsonFault::kNone);
  }
  bool saw_fraction() const { return fault_ == ElementFault::kFraction; }
  int64_t count() const { return out_ - reinterpret_cast<const Type*>(tensor_.data()); }
  Tensor Finish(Shape shape) const {
    return {dtype_, std::move(shape), tensor_.owner(), tensor_.data(),
            static_cast<size_t>(count()) * sizeof(Type)};
  }

 private:
  const DType dtype_;
  Tensor tensor_;
  Type* out_ = nullptr;
  Type* limit_ = nullptr;
  ElementFault fault_ = ElementFault::kNone;
};

// Strings, in the binary form of BYTES.
class BytesSink {
 public:
  explicit BytesSink(DType /*dtype*/) {}

  Status Begin(std::string_view text) {
    buffer_->reserve(text.size());
    return OkStatus();
  }
  const char* Read(const char* p, const char* end) {
    if (*p != '"') return nullptr;
    const size_t start = buffer_->size();
    buffer_->append(sizeof(uint32_t), '\0');
    const char* next = ScanString(p, end, buffer_.get(), &fault_);
    const size_t length = buffer_->size() - start - sizeof(uint32_t);
    if (next == nullptr || length > UINT32_MAX) return nullptr;
    const auto prefix = static_cast<uint32_t>(length);
    std::memcpy(buffer_->data() + start, &prefix, sizeof(prefix));
    ++count_;
    return next;
  }
  Status Error(const std::string& path, const char* p, const char* end) const {
    const auto fault = fault_ == JsonFault::kNone ? ElementFault::kKind : ElementFault::kString;
    return ElementError(path, p, end, DType::kBytes, fault, fault_);
  }
  bool saw_fraction() const { return false; }
  int64_t count() const { return count_; }
  Tensor Finish(Shape shape) const {
    const auto* data = reinterpret_cast<const std::byte*>(buffer_->data());
    return {DType::kBytes, std::move(shape), buffer_, data, buffer_->size()};
  }

 private:
  std::shared_ptr<std::string> buffer_ = std::make_shared<std::string>();
  int64_t count_ = 0;
  JsonFault fault_ = JsonFault::kNone;
};

// The elements of one row, from *p to the bracket or whatever else ends it.
template <typename Sink>
Status ReadRow(const char** p, const char* end, std::string_view field, Nesting* nesting,
               Sink* sink) {
  const char* at = *p;
  int64_t count = nesting->count();
  while (true) {
    const char* next = sink->Read(at, end);
    if (next == nullptr) {
      nesting->set_count(count);
      return *at == '[' ? nesting->Uneven() : sink->Error(nesting->Path(), at, end);
    }
    ++count;
    at = SkipBlanks(next, end);
    if (at == end || *at != ',') break;
    at = SkipBlanks(at + 1, end);
    if (at == end) break;
  }
  nesting->set_count(count);
  *p = at;
  if (at == end) return Broken(*nesting, field, JsonFault::kEndsEarly);
  return *at == ']' ? OkStatus() : Broken(*nesting, field, JsonFault::kSyntax);
}

// The array that begins at `p` and must end the text.
template <typename Sink>
Status ReadArray(const char* p, const char* end, std::string_view field, Nesting* nesting,
                 Sink* sink) {
  while (p != end) {
    if (*p == '[') {
      FLAMBEAU_RETURN_IF_ERROR(nesting->Open());
      p = SkipBlanks(p + 1, end);
      if (p == end) break;
      if (*p != ']') continue;
    } else {
      FLAMBEAU_RETURN_IF_ERROR(nesting->BeginRow());
      FLAMBEAU_RETURN_IF_ERROR(ReadRow(&p, end, field, nesting, sink));
    }
    do {
      FLAMBEAU_RETURN_IF_ERROR(nesting->Close());
      p = SkipBlanks(p + 1, end);
      if (nesting->depth() == 0) {
        return p == end ? OkStatus() : Broken(*nesting, field, JsonFault::kSyntax);
      }
    } while (p != end && *p == ']');
    if (p == end) break;
    if (*p != ',') return Broken(*nesting, field, JsonFault::kSyntax);
    p = SkipBlanks(p + 1, end);
  }
  return Broken(*nesting, field, JsonFault::kEndsEarly);
}

template <typename Sink>
Status ReadValue(std::string_view text, std::string_view field, Nesting* nesting, Sink* sink) {
  const char* const end = text.data() + text.size();
  if (text.front() == '[') return ReadArray(text.data(), end, field, nesting, sink);
  FLAMBEAU_RETURN_IF_ERROR(nesting->BeginRow());
  const char* next = sink->Read(text.data(), end);
  if (next == nullptr) return sink->Error(nesting->Path(), text.data(), end);
  return SkipBlanks(next, end) == end ? OkStatus() : Broken(*nesting, field, JsonFault::kSyntax);
}

// What every parse is told.
struct Task {
  std::string_view text;  // not empty, begins with the value
  const std::optional<Shape>* shape;
  std::string_view field;
};

template <typename Sink>
Result<Tensor> Parse(const Task& task, DType dtype, bool* saw_fraction) {
  Sink sink(dtype);
  FLAMBEAU_RETURN_IF_ERROR(sink.Begin(task.text));
  Nesting nesting(task.field);
  const Status status = ReadValue(task.text, task.field, &nesting, &sink);
  *saw_fraction = sink.saw_fraction();
  FLAMBEAU_RETURN_IF_ERROR(status);
  if (!task.shape->has_value()) return sink.Finish(nesting.shape());
  const Shape& shape = **task.shape;
  const auto needed = ElementCount(shape);
  if (!needed || *needed != sink.count()) {
    return InvalidArgument(std::string(task.field) + " has " + std::to_string(sink.count()) +
                           (sink.count() == 1 ? " element" : " elements") + " but shape " +
                           ToString(shape) + " needs " +
                           (needed ? std::to_string(*needed) : "more than can be counted"));
  }
  return sink.Finish(shape);
}

Result<Tensor> ParseAs(const Task& task, DType dtype, bool* saw_fraction) {
  switch (dtype) {
    case DType::kBool:
      return Parse<FixedSink<BoolReader>>(task, dtype, saw_fraction);
    case DType::kUint8:
      return Parse<FixedSink<IntegerReader<uint8_t>>>(task, dtype, saw_fraction);
    case DType::kUint16:
      return Parse<FixedSink<IntegerReader<uint16_t>>>(task, dtype, saw_fraction);
    case DType::kUint32:
      return Parse<FixedSink<IntegerReader<uint32_t>>>(task, dtype, saw_fraction);
    case DType::kUint64:
      return Parse<FixedSink<IntegerReader<uint64_t>>>(task, dtype, saw_fraction);
    case DType::kInt8:
      return Parse<FixedSink<IntegerReader<int8_t>>>(task, dtype, saw_fraction);
    case DType::kInt16:
      return Parse<FixedSink<IntegerReader<int16_t>>>(task, dtype, saw_fraction);
    case DType::kInt32:
      return Parse<FixedSink<IntegerReader<int32_t>>>(task, dtype, saw_fraction);
    case DType::kInt64:
      return Parse<FixedSink<IntegerReader<int64_t>>>(task, dtype, saw_fraction);
    case DType::kFp16:
      return Parse<FixedSink<FloatReader<DType::kFp16>>>(task, dtype, saw_fraction);
    case DType::kBf16:
      return Parse<FixedSink<FloatReader<DType::kBf16>>>(task, dtype, saw_fraction);
    case DType::kFp32:
      return Parse<FixedSink<FloatReader<DType::kFp32>>>(task, dtype, saw_fraction);
    case DType::kFp64:
      return Parse<FixedSink<FloatReader<DType::kFp64>>>(task, dtype, saw_fraction);
    case DType::kBytes:
      return Parse<BytesSink>(task, dtype, saw_fraction);
  }
  return Internal("unknown datatype");
}

// What torch.tensor would make of the first element; a fraction may still turn INT64 into FP32.
DType Guess(std::string_view text) {
  const auto* first = std::find_if_not(text.begin(), text.end(),
                                       [](char c) { return c == '[' || c == ']' || IsBlank(c); });
  if (first == text.end()) return DType::kFp32;
  if (*first == '"') return DType::kBytes;
  if (*first == 't' || *first == 'f') return DType::kBool;
  if (*first != '-' && !IsDigit(*first)) return DType::kFp32;
  return text.find('.') == std::string_view::npos ? DType::kInt64 : DType::kFp32;
}

}  // namespace

Result<Tensor> ParseTensor(PaddedJson json, std::optional<DType> dtype,
                           const std::optional<Shape>& shape, std::string_view field) {
  std::string_view text = json.text;
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  if (text.empty()) return InvalidArgument(std::string(field) + " is empty");
  const Task task{text, &shape, field};
  bool saw_fraction = false;
  const DType first = dtype.value_or(Guess(text));
  Result<Tensor> tensor = ParseAs(task, first, &saw_fraction);
  if (dtype || first != DType::kInt64 || !saw_fraction) return tensor;
  return ParseAs(task, DType::kFp32, &saw_fraction);
}

bool IsUtf8(std::string_view text) {
  const char* const end = text.data() + text.size();
  for (const char* p = text.data(); p != end;) {
    const size_t length = Utf8SequenceLength(p, end);
    if (length == 0) return false;
    p += length;
  }
  return true;
}

}  // namespace flambeau
