#include "wire/shared_memory_json.h"

#include <optional>

#include "codec/json_cursor.h"
#include "wire/parameters.h"

namespace flambeau {

Result<SharedMemoryRegion> DecodeRegister(PaddedJson body) {
  constexpr std::string_view kExpected = R"(a JSON object with "key" and "byte_size")";
  JsonCursor cursor(body.text);
  FLAMBEAU_RETURN_IF_ERROR(EnterBody(&cursor, body.text, kExpected));
  std::optional<std::string> key;
  std::optional<int64_t> bytes;
  int64_t offset = 0;
  while (true) {
    FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor.NextKey());
    if (!more) break;
    if (cursor.key() == "key") {
      FLAMBEAU_ASSIGN_OR_RETURN(key, cursor.TakeName());
    } else if (cursor.key() == "offset") {
      FLAMBEAU_ASSIGN_OR_RETURN(offset, TakeCount(&cursor));
    } else if (cursor.key() == "byte_size") {
      FLAMBEAU_ASSIGN_OR_RETURN(bytes, TakeCount(&cursor));
    } else {
      return InvalidArgument("the key " + cursor.Path() +
                             " is not known: send key, offset and "
                             "byte_size");
    }
  }
  FLAMBEAU_RETURN_IF_ERROR(cursor.Finish());
  if (!key || !bytes) {
    return InvalidArgument(std::string("the body has no ") + (key ? "byte_size" : "key") +
                           ": send " + std::string(kExpected));
  }
  return SharedMemoryRegion{"", *key, static_cast<uint64_t>(offset), static_cast<uint64_t>(*bytes)};
}

std::string EncodeRegions(const std::vector<SharedMemoryRegion>& regions) {
  std::string out = "[";
  for (const SharedMemoryRegion& region : regions) {
    if (out.size() > 1) out += ',';
    out += R"({"name":)";
    AppendString(region.name, &out);
    out += R"(,"key":)";
    AppendString(region.key, &out);
    out += R"(,"offset":)" + std::to_string(region.offset) + R"(,"byte_size":)" +
           std::to_string(region.byte_size) + '}';
  }
  return out + ']';
}

}  // namespace flambeau
