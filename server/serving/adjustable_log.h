// A log whose levels change while the server runs, as the protocol's logging extension wants.
// Source: Triton extension_logging.md.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/log.h"
#include "base/status.h"

namespace flambeau {

struct LogSettings {
  bool info = true;
  bool warning = true;
  bool error = true;
  uint32_t verbose_level = 0;  // 1 and more: debug lines, too
  // These cannot be changed.
  std::string file{};  // standard error
  std::string format = "ISO8601";
};

using LogSetting = std::variant<bool, int64_t, std::string>;

// Some of the settings.
class LogSettingsUpdate {
 public:
  // Errors: INVALID_ARGUMENT for a name that is not known, a value that is not of its type or
  // range, and another value of what cannot be changed.
  Status Set(std::string_view name, const LogSetting& value);

 private:
  friend class AdjustableLog;
  Status SetFlag(std::string_view name, const LogSetting& value, std::optional<bool>* flag);

  std::optional<bool> info_;
  std::optional<bool> warning_;
  std::optional<bool> error_;
  std::optional<uint32_t> verbose_level_;
};

// Passes on what its settings let through.
// Threads: any. Lifetime: `inner` outlives it. Errors: none.
class AdjustableLog final : public Log {
 public:
  // Lets `level` and above through; `inner` should let everything through.
  AdjustableLog(Log* inner, LogLevel level);

  LogSettings settings() const;
  LogSettings Update(const LogSettingsUpdate& update);

  bool Enabled(LogLevel level) const override;
  void Write(LogLevel level, std::string_view event,
             std::initializer_list<LogField> fields) override;

 private:
  void Publish();  // with the lock held

  Log* const inner_;
  mutable std::mutex mutex_;
  LogSettings settings_;
  std::atomic<uint32_t> levels_{0};  // a bit for each LogLevel that is let through
};

}  // namespace flambeau
