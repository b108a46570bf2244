#include "wire/settings.h"

#include <cstdint>
#include <utility>

#include "codec/json_cursor.h"
#include "wire/parameters.h"

namespace flambeau {
namespace {

Result<LogSetting> TakeLogSetting(JsonCursor* cursor) {
  FLAMBEAU_ASSIGN_OR_RETURN(const JsonKind kind, cursor->Kind());
  if (kind == JsonKind::kBool) {
    FLAMBEAU_ASSIGN_OR_RETURN(const bool flag, cursor->TakeBool());
    return LogSetting(flag);
  }
  if (kind == JsonKind::kNumber) {
    FLAMBEAU_ASSIGN_OR_RETURN(const int64_t number, cursor->TakeInt64());
    return LogSetting(number);
  }
  FLAMBEAU_ASSIGN_OR_RETURN(std::string text, cursor->TakeString());
  return LogSetting(std::move(text));
}

// Numbers are strings in this protocol; a number is taken for one.
Result<std::string> TakeText(JsonCursor* cursor) {
  FLAMBEAU_ASSIGN_OR_RETURN(const JsonKind kind, cursor->Kind());
  if (kind != JsonKind::kNumber) return cursor->TakeString();
  FLAMBEAU_ASSIGN_OR_RETURN(const int64_t number, cursor->TakeInt64());
  return std::to_string(number);
}

Result<std::optional<std::vector<std::string>>> TakeTraceSetting(JsonCursor* cursor) {
  using Setting = std::optional<std::vector<std::string>>;
  FLAMBEAU_ASSIGN_OR_RETURN(const JsonKind kind, cursor->Kind());
  if (kind == JsonKind::kNull) {
    FLAMBEAU_RETURN_IF_ERROR(cursor->Skip());
    return Setting();
  }
  std::vector<std::string> values;
  if (kind != JsonKind::kArray) {
    FLAMBEAU_ASSIGN_OR_RETURN(std::string value, TakeText(cursor));
    values.push_back(std::move(value));
    return Setting(std::move(values));
  }
  FLAMBEAU_RETURN_IF_ERROR(cursor->EnterArray());
  while (true) {
    FLAMBEAU_ASSIGN_OR_RETURN(const bool more, cursor->NextElement());
    if (!more) return Setting(std::move(values));
    FLAMBEAU_ASSIGN_OR_RETURN(std::string value, TakeText(cursor));
    values.push_back(std::move(value));
  }
}

std::string Flag(bool flag) { return flag ? "true" : "false"; }

}  // namespace

Result<LogSettingsUpdate> DecodeLogSettings(PaddedJson body) {
  LogSettingsUpdate update;
  FLAMBEAU_RETURN_IF_ERROR(DecodeOptionalBody(body, [&update](JsonCursor* cursor) -> Status {
    const std::string name = cursor->key();
    FLAMBEAU_ASSIGN_OR_RETURN(const LogSetting value, TakeLogSetting(cursor));
    return update.Set(name, value);
  }));
  return update;
}

std::string EncodeLogSettings(const LogSettings& settings) {
  std::string out = R"({"log_file":)";
  AppendString(settings.file, &out);
  out += R"(,"log_info":)" + Flag(settings.info) + R"(,"log_warning":)" + Flag(settings.warning) +
         R"(,"log_error":)" + Flag(settings.error) + R"(,"log_verbose_level":)" +
         std::to_string(settings.verbose_level) + R"(,"log_format":)";
  AppendString(settings.format, &out);
  return out + '}';
}

Result<TraceUpdate> DecodeTraceSettings(PaddedJson body) {
  TraceUpdate update;
  FLAMBEAU_RETURN_IF_ERROR(DecodeOptionalBody(body, [&update](JsonCursor* cursor) -> Status {
    const std::string name = cursor->key();
    FLAMBEAU_ASSIGN_OR_RETURN(update[name], TakeTraceSetting(cursor));
    return OkStatus();
  }));
  return update;
}

std::string EncodeTraceSettings(const TraceValues& values) {
  std::string out = "{";
  for (const auto& [name, list] : values) {
    if (out.size() > 1) out += ',';
    AppendString(name, &out);
    const bool is_list = name == "trace_level";
    out += is_list ? ":[" : ":";
    for (size_t i = 0; i < list.size(); ++i) {
      if (i > 0) out += ',';
      AppendString(list[i], &out);
    }
    if (is_list) out += ']';
  }
  return out + '}';
}

}  // namespace flambeau
