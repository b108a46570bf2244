#include "cli/npy.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace flambeau::client {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kAlignment = 64;

struct NumpyType {
  const char* datatype;
  const char* descr;
  int64_t size;
};

constexpr NumpyType kTypes[] = {{"BOOL", "|b1", 1},   {"INT8", "|i1", 1},   {"INT16", "<i2", 2},
                                {"INT32", "<i4", 4},  {"INT64", "<i8", 8},  {"UINT8", "|u1", 1},
                                {"UINT16", "<u2", 2}, {"UINT32", "<u4", 4}, {"UINT64", "<u8", 8},
                                {"FP16", "<f2", 2},   {"FP32", "<f4", 4},   {"FP64", "<f8", 8}};

absl::Status Mistake(const std::string& name, const std::string& what) {
  return absl::InvalidArgumentError("the file for '" + name + "' " + what);
}

// What stands behind 'key': in the header, a dict as Python writes it.
std::string_view ValueOf(std::string_view header, std::string_view key) {
  const size_t at = header.find("'" + std::string(key) + "':");
  if (at == std::string_view::npos) return {};
  std::string_view value = header.substr(at + key.size() + 3);
  value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
  return value;
}

// "(2, 3)", "(5,)" or "()".
bool ParseShape(std::string_view text, std::vector<int64_t>* shape) {
  if (!text.starts_with('(')) return false;
  text.remove_prefix(1);
  while (true) {
    text.remove_prefix(std::min(text.find_first_not_of(", "), text.size()));
    if (text.starts_with(')')) return true;
    int64_t dimension = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), dimension);
    if (error != std::errc() || dimension < 0) return false;
    shape->push_back(dimension);
    text.remove_prefix(end - text.data());
  }
}

bool HoldsElements(const std::vector<int64_t>& shape, int64_t size, size_t bytes) {
  int64_t expected = size;
  for (const int64_t dimension : shape) {
    if (__builtin_mul_overflow(expected, dimension, &expected)) return false;
  }
  return static_cast<uint64_t>(expected) == bytes;
}

// The header and what lies behind it; empty if this is no .npy file.
std::pair<std::string_view, std::string_view> Split(std::string_view bytes) {
  if (!IsNpy(bytes) || bytes.size() < 12) return {};
  const auto byte = [&](size_t at) { return static_cast<size_t>(static_cast<uint8_t>(bytes[at])); };
  const bool wide =
      byte(6) >= 2;  // version 1 counts the header's bytes in two bytes, later ones in four
  const size_t begin = wide ? 12 : 10;
  const size_t size = byte(8) + (byte(9) << 8) + (wide ? (byte(10) << 16) + (byte(11) << 24) : 0);
  if (bytes.size() - begin < size) return {};
  return {bytes.substr(begin, size), bytes.substr(begin + size)};
}

}  // namespace

bool IsNpy(std::string_view bytes) { return bytes.starts_with(kMagic); }

absl::StatusOr<Tensor> TensorFromNpy(const std::string& name, std::string_view bytes) {
  const auto [header, data] = Split(bytes);
  if (header.empty()) return Mistake(name, "is no .npy file; write it by numpy.save");
  if (!ValueOf(header, "fortran_order").starts_with("False")) {
    return Mistake(name, "is in Fortran's order; save numpy.ascontiguousarray(array)");
  }
  const std::string_view descr = ValueOf(header, "descr");
  for (const NumpyType& type : kTypes) {
    if (!descr.starts_with("'" + std::string(type.descr) + "'")) continue;
    Tensor tensor{name, type.datatype, {}, std::string(data)};
    if (!ParseShape(ValueOf(header, "shape"), &tensor.shape) ||
        !HoldsElements(tensor.shape, type.size, data.size())) {
      return Mistake(name, "does not hold as many elements as its shape has");
    }
    return tensor;
  }
  return Mistake(name, "has elements of numpy's type " +
                           std::string(descr.substr(0, descr.find(','))) +
                           "; use a little-endian number or bool");
}

absl::StatusOr<std::string> TensorToNpy(const Tensor& tensor) {
  for (const NumpyType& type : kTypes) {
    if (tensor.datatype != type.datatype) continue;
    std::string shape;
    for (const int64_t dimension : tensor.shape) shape += std::to_string(dimension) + ", ";
    std::string header = "{'descr': '" + std::string(type.descr) +
                         "', 'fortran_order': False, 'shape': (" + shape + "), }";
    const size_t before = kMagic.size() + 4;
    header.append(kAlignment - 1 - (before + header.size()) % kAlignment, ' ');
    header += '\n';
    std::string bytes(kMagic);
    bytes += {1, 0, static_cast<char>(header.size() & 0xFF), static_cast<char>(header.size() >> 8)};
    return bytes + header + tensor.bytes;
  }
  return absl::InvalidArgumentError("output '" + tensor.name + "' has datatype " + tensor.datatype +
                                    ", which .npy files do not have");
}

}  // namespace flambeau::client
