#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstring>
#include <type_traits>

#include "codec/convert.h"
#include "codec/json_numbers.h"
#include "codec/json_scan.h"

namespace flambeau {
namespace {

// The longest element: a double's "-1.2345678901234567e-308" and ".0".
constexpr size_t kLongest = 32;
// Rows that hold nothing still cost text, "[],": this many at most.
constexpr int64_t kMaxEmptyRows = 1 << 20;

// Gathers text in a block of its own, so that `out` grows in few steps and is never zero-filled.
class TextBlock {
 public:
  explicit TextBlock(std::string* out) : out_(out) {}
  ~TextBlock() { Flush(); }
  TextBlock(const TextBlock&) = delete;
  TextBlock& operator=(const TextBlock&) = delete;

  void Put(char c) {
    Room();
    *p_++ = c;
  }
  // Room for one element and a separator.
  char* Room() {
    if (static_cast<size_t>(block_.data() + block_.size() - p_) < kLongest + 1) Flush();
    return p_;
  }
  void Advance(char* p) { p_ = p; }
  void Flush() {
    out_->append(block_.data(), p_);
    p_ = block_.data();
  }

 private:
  std::string* const out_;
  std::array<char, 8192> block_;
  char* p_ = block_.data();
};

char* WriteWord(char* p, std::string_view word) {
  std::memcpy(p, word.data(), word.size());
  return p + word.size();
}

// As Python's json writes it: 1.0, NaN, -Infinity.
template <std::floating_point T>
char* WriteFloat(char* p, T value) {
  if (!std::isfinite(value)) {
    if (std::isnan(value)) return WriteWord(p, "NaN");
    return WriteWord(p, value < 0 ? "-Infinity" : "Infinity");
  }
  char* const end = std::to_chars(p, p + kLongest, value).ptr;
  const bool is_integral = std::all_of(p, end, [](char c) { return IsDigit(c) || c == '-'; });
  return is_integral ? WriteWord(end, ".0") : end;
}

// The shortest decimal strictly between the midpoints to the neighbours, which therefore reads back
// as `value`. `below` and `above` are the neighbours; all three are positive.
double ShortestBetween(double below, double value, double above) {
  const double low = (below + value) / 2;
  const double high = (value + above) / 2;
  const int magnitude = static_cast<int>(std::floor(std::log10(value)));
  for (int digits = 0; digits < 5; ++digits) {
    const int scale = digits - magnitude;
    // Powers of ten up to 22 are exact, and so is the rounded integer: one rounding in all.
    if (scale < -22 || scale > 22) break;
    const double power = kPowersOfTen[std::abs(scale)];
    const double rounded =
        scale < 0 ? std::nearbyint(value / power) * power : std::nearbyint(value * power) / power;
    if (low < rounded && rounded < high) return rounded;
  }
  return value;
}

// FP16 and BF16: the shortest text that reads back as the same 16 bits.
template <float (*kWiden)(uint16_t)>
char* WriteNarrow(char* p, uint16_t bits) {
  const uint16_t magnitude = bits & 0x7FFF;
  const float value = kWiden(bits);
  const float above = kWiden(static_cast<uint16_t>(magnitude + 1));
  if (magnitude == 0 || !std::isfinite(value) || !std::isfinite(above)) {
    return WriteFloat(p, value);
  }
  const double shortest = ShortestBetween(kWiden(static_cast<uint16_t>(magnitude - 1)),
                                          std::fabs(static_cast<double>(value)), above);
  if (shortest == std::fabs(static_cast<double>(value))) return WriteFloat(p, value);
  return WriteFloat(p, value < 0 ? -shortest : shortest);
}

// Each writer puts element i at p and returns the text's end.
template <std::integral T>
struct IntegerWriter {
  const T* data;
  char* operator()(char* p, int64_t i) const { return std::to_chars(p, p + kLongest, data[i]).ptr; }
};
template <std::floating_point T>
struct FloatWriter {
  const T* data;
  char* operator()(char* p, int64_t i) const { return WriteFloat(p, data[i]); }
};
template <float (*kWiden)(uint16_t)>
struct NarrowWriter {
  const uint16_t* data;
  char* operator()(char* p, int64_t i) const { return WriteNarrow<kWiden>(p, data[i]); }
};
struct BoolWriter {
  const uint8_t* data;
  char* operator()(char* p, int64_t i) const { return WriteWord(p, data[i] ? "true" : "false"); }
};

template <typename Writer>
void WriteRow(const Writer& writer, int64_t begin, int64_t end, TextBlock* block) {
  block->Put('[');
  for (int64_t i = begin; i < end; ++i) {
    char* p = writer(block->Room(), i);
    *p++ = i + 1 < end ? ',' : ']';
    block->Advance(p);
  }
  if (begin == end) block->Put(']');
}
// Strings have no longest element: they go around the block.
struct StringWriter {
  const std::vector<std::string_view>& elements;
  std::string* out;
};
void WriteRow(const StringWriter& writer, int64_t begin, int64_t end, TextBlock* block) {
  block->Flush();
  *writer.out += '[';
  for (int64_t i = begin; i < end; ++i) {
    if (i > begin) *writer.out += ',';
    AppendString(writer.elements[static_cast<size_t>(i)], writer.out);
  }
  *writer.out += ']';
}

// The rows of a shape, one at a time, with the brackets and commas around them. A dimension of 0
// ends the nesting, as numpy's tolist does: shape [2,0,3] is [[],[]].
Status CountRows(const Shape& shape, size_t* outer, int64_t* rows) {
  *outer = shape.size() - 1;
  *rows = 1;
  const auto* zero = std::find(shape.begin(), shape.end(), 0);
  if (zero != shape.end()) *outer = static_cast<size_t>(zero - shape.begin());
  const auto count = ElementCount({shape.begin(), shape.begin() + static_cast<int64_t>(*outer)});
  if (!count || (zero != shape.end() && *count > kMaxEmptyRows)) {
    return InvalidArgument("a result of shape " + ToString(shape) +
                           " is too large to be written as JSON");
  }
  *rows = *count;
  return OkStatus();
}

template <typename Writer>
Status WriteNested(const Writer& writer, const Shape& shape, std::string* out) {
  size_t outer = 0;
  int64_t rows = 0;
  FLAMBEAU_RETURN_IF_ERROR(CountRows(shape, &outer, &rows));
  const int64_t row_length = shape[outer];
  TextBlock block(out);
  for (size_t i = 0; i < outer; ++i) block.Put('[');
  Shape index(outer, 0);
  for (int64_t row = 0; row < rows; ++row) {
    WriteRow(writer, row * row_length, (row + 1) * row_length, &block);
    size_t closed = 0;
    while (closed < outer && ++index[outer - 1 - closed] == shape[outer - 1 - closed]) {
      index[outer - 1 - closed] = 0;
      ++closed;
      block.Put(']');
    }
    if (closed == outer) break;
    block.Put(',');
    for (size_t i = 0; i < closed; ++i) block.Put('[');
  }
  return OkStatus();
}

template <typename Writer>
Status WriteAll(const Writer& writer, const Shape& shape, std::string* out) {
  if (!shape.empty()) return WriteNested(writer, shape, out);
  TextBlock block(out);
  if constexpr (std::is_same_v<Writer, StringWriter>) {
    AppendString(writer.elements[0], out);
  } else {
    block.Advance(writer(block.Room(), 0));
  }
  return OkStatus();
}

Status WriteStrings(const Tensor& tensor, const Shape& shape, std::string* out) {
  FLAMBEAU_ASSIGN_OR_RETURN(const auto elements, BytesElements(tensor));
  const auto count = ElementCount(shape);
  if (!count || static_cast<size_t>(*count) != elements.size()) {
    return Internal("a BYTES tensor does not have the elements of its shape");
  }
  for (const std::string_view element : elements) {
    if (!IsUtf8(element)) {
      return InvalidArgument(
          "the result has bytes that are not UTF-8, which JSON cannot carry: ask for binary data");
    }
  }
  return WriteAll(StringWriter{elements, out}, shape, out);
}

template <typename T>
const T* Data(const Tensor& tensor) {
  return reinterpret_cast<const T*>(tensor.data());
}

Status Write(const Tensor& tensor, const Shape& shape, std::string* out) {
  switch (tensor.dtype()) {
    case DType::kBool:
      return WriteAll(BoolWriter{Data<uint8_t>(tensor)}, shape, out);
    case DType::kUint8:
      return WriteAll(IntegerWriter<uint8_t>{Data<uint8_t>(tensor)}, shape, out);
    case DType::kUint16:
      return WriteAll(IntegerWriter<uint16_t>{Data<uint16_t>(tensor)}, shape, out);
    case DType::kUint32:
      return WriteAll(IntegerWriter<uint32_t>{Data<uint32_t>(tensor)}, shape, out);
    case DType::kUint64:
      return WriteAll(IntegerWriter<uint64_t>{Data<uint64_t>(tensor)}, shape, out);
    case DType::kInt8:
      return WriteAll(IntegerWriter<int8_t>{Data<int8_t>(tensor)}, shape, out);
    case DType::kInt16:
      return WriteAll(IntegerWriter<int16_t>{Data<int16_t>(tensor)}, shape, out);
    case DType::kInt32:
      return WriteAll(IntegerWriter<int32_t>{Data<int32_t>(tensor)}, shape, out);
    case DType::kInt64:
      return WriteAll(IntegerWriter<int64_t>{Data<int64_t>(tensor)}, shape, out);
    case DType::kFp16:
      return WriteAll(NarrowWriter<HalfToFloat>{Data<uint16_t>(tensor)}, shape, out);
    case DType::kBf16:
      return WriteAll(NarrowWriter<Bfloat16ToFloat>{Data<uint16_t>(tensor)}, shape, out);
    case DType::kFp32:
      return WriteAll(FloatWriter<float>{Data<float>(tensor)}, shape, out);
    case DType::kFp64:
      return WriteAll(FloatWriter<double>{Data<double>(tensor)}, shape, out);
    case DType::kBytes:
      return WriteStrings(tensor, shape, out);
  }
  return Internal("unknown datatype");
}

bool IsVerbatim(unsigned char c) { return c >= 0x20 && c < 0x80 && c != '"' && c != '\\'; }

void AppendEscape(unsigned char c, std::string* out) {
  constexpr std::string_view kMeanings = "\"\\\b\f\n\r\t";
  constexpr std::string_view kNames = "\"\\bfnrt";
  const size_t index = kMeanings.find(static_cast<char>(c));
  *out += '\\';
  if (index != std::string_view::npos) {
    *out += kNames[index];
    return;
  }
  constexpr std::string_view kHex = "0123456789abcdef";
  *out += "u00";
  *out += kHex[c >> 4];
  *out += kHex[c & 15];
}

}  // namespace

Status AppendNested(const Tensor& tensor, std::string* out) {
  return Write(tensor, tensor.shape(), out);
}

Status AppendFlat(const Tensor& tensor, std::string* out) {
  const auto count = ElementCount(tensor.shape());
  if (!count) return Internal("a result has a shape that cannot be counted");
  return Write(tensor, Shape{*count}, out);
}

void AppendNumber(double number, std::string* out) {
  std::array<char, kLongest> text;
  out->append(text.data(), WriteFloat(text.data(), number));
}

void AppendString(std::string_view text, std::string* out) {
  *out += '"';
  const char* p = text.data();
  const char* const end = p + text.size();
  while (p != end) {
    const char* const run = p;
    while (p != end && IsVerbatim(static_cast<unsigned char>(*p))) ++p;
    out->append(run, p);
    if (p == end) break;
    const auto c = static_cast<unsigned char>(*p);
    if (c < 0x80) {
      AppendEscape(c, out);
      ++p;
      continue;
    }
    const size_t length = Utf8SequenceLength(p, end);
    out->append(length > 0 ? std::string_view(p, length) : "\uFFFD");
    p += std::max<size_t>(length, 1);
  }
  *out += '"';
}

}  // namespace flambeau
