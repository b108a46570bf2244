#include "grpc/rpcs/log_settings.h"

#include <string>

#include "proto/inference.pb.h"

namespace flambeau {
namespace {

using Value = inference::LogSettingsRequest::SettingValue;

Result<LogSetting> Decode(const std::string& name, const Value& value) {
  switch (value.parameter_choice_case()) {
    case Value::kBoolParam:
      return LogSetting(value.bool_param());
    case Value::kUint32Param:
      return LogSetting(static_cast<int64_t>(value.uint32_param()));
    case Value::kStringParam:
      return LogSetting(value.string_param());
    case Value::PARAMETER_CHOICE_NOT_SET:
      break;
  }
  return InvalidArgument("The setting '" + name + "' has no value; set one or leave it out.");
}

Status Update(const inference::LogSettingsRequest& request, AdjustableLog* log) {
  LogSettingsUpdate update;
  for (const auto& [name, value] : request.settings()) {
    FLAMBEAU_ASSIGN_OR_RETURN(const LogSetting setting, Decode(name, value));
    FLAMBEAU_RETURN_IF_ERROR(update.Set(name, setting));
  }
  log->Update(update);
  return OkStatus();
}

void Encode(const LogSettings& settings, inference::LogSettingsResponse* response) {
  auto& values = *response->mutable_settings();
  values["log_file"].set_string_param(settings.file);
  values["log_info"].set_bool_param(settings.info);
  values["log_warning"].set_bool_param(settings.warning);
  values["log_error"].set_bool_param(settings.error);
  values["log_verbose_level"].set_uint32_param(settings.verbose_level);
  values["log_format"].set_string_param(settings.format);
}

}  // namespace

Status HandleLogSettings(AdjustableLog& log, const inference::LogSettingsRequest& request,
                         inference::LogSettingsResponse* response) {
  const Status status = Update(request, &log);
  if (status.ok()) Encode(log.settings(), response);
  return status;
}

}  // namespace flambeau
