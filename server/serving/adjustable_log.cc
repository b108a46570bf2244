#include "serving/adjustable_log.h"

#include <limits>

namespace flambeau {
namespace {

uint32_t Bit(LogLevel level) { return 1U << static_cast<uint32_t>(level); }

Status ReadOnly(std::string_view name, const LogSetting& value, const std::string& current) {
  const auto* text = std::get_if<std::string>(&value);
  if (text != nullptr && *text == current) return OkStatus();
  return InvalidArgument("The setting '" + std::string(name) + "' is \"" + current +
                         "\" and cannot be changed; leave it out.");
}

}  // namespace

Status LogSettingsUpdate::Set(std::string_view name, const LogSetting& value) {
  if (name == "log_info") return SetFlag(name, value, &info_);
  if (name == "log_warning") return SetFlag(name, value, &warning_);
  if (name == "log_error") return SetFlag(name, value, &error_);
  if (name == "log_file") return ReadOnly(name, value, LogSettings().file);
  if (name == "log_format") return ReadOnly(name, value, LogSettings().format);
  if (name != "log_verbose_level") {
    return InvalidArgument("There is no log setting '" + std::string(name.substr(0, 64)) +
                           "'; there are log_info, log_warning, log_error, log_verbose_level, "
                           "log_file and log_format.");
  }
  const auto* level = std::get_if<int64_t>(&value);
  if (level == nullptr || *level < 0 || *level > std::numeric_limits<uint32_t>::max()) {
    return InvalidArgument("The setting 'log_verbose_level' must be a whole number of at least 0.");
  }
  verbose_level_ = static_cast<uint32_t>(*level);
  return OkStatus();
}

Status LogSettingsUpdate::SetFlag(std::string_view name, const LogSetting& value,
                                  std::optional<bool>* flag) {
  const auto* set = std::get_if<bool>(&value);
  if (set == nullptr) {
    return InvalidArgument("The setting '" + std::string(name) + "' must be true or false.");
  }
  *flag = *set;
  return OkStatus();
}

AdjustableLog::AdjustableLog(Log* inner, LogLevel level) : inner_(inner) {
  settings_.info = level <= LogLevel::kInfo;
  settings_.warning = level <= LogLevel::kWarning;
  settings_.error = level <= LogLevel::kError;
  settings_.verbose_level = level == LogLevel::kDebug ? 1 : 0;
  Publish();
}

LogSettings AdjustableLog::settings() const {
  const std::lock_guard lock(mutex_);
  return settings_;
}

LogSettings AdjustableLog::Update(const LogSettingsUpdate& update) {
  const std::lock_guard lock(mutex_);
  settings_.info = update.info_.value_or(settings_.info);
  settings_.warning = update.warning_.value_or(settings_.warning);
  settings_.error = update.error_.value_or(settings_.error);
  settings_.verbose_level = update.verbose_level_.value_or(settings_.verbose_level);
  Publish();
  return settings_;
}

void AdjustableLog::Publish() {
  levels_.store((settings_.verbose_level > 0 ? Bit(LogLevel::kDebug) : 0) |
                (settings_.info ? Bit(LogLevel::kInfo) : 0) |
                (settings_.warning ? Bit(LogLevel::kWarning) : 0) |
                (settings_.error ? Bit(LogLevel::kError) : 0));
}

bool AdjustableLog::Enabled(LogLevel level) const {
  return (levels_.load(std::memory_order_relaxed) & Bit(level)) != 0 && inner_->Enabled(level);
}

void AdjustableLog::Write(LogLevel level, std::string_view event,
                          std::initializer_list<LogField> fields) {
  if (Enabled(level)) inner_->Write(level, event, fields);
}

}  // namespace flambeau
