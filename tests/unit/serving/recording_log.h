// A log that a test can read: one "event key=value ..." per line.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "base/log.h"

namespace flambeau {

class RecordingLog final : public Log {
 public:
  bool Enabled(LogLevel) const override { return true; }

  void Write(LogLevel, std::string_view event, std::initializer_list<LogField> fields) override {
    std::string line(event);
    for (const LogField& field : fields) {
      line += " " + std::string(field.key) + "=";
      if (const auto* text = std::get_if<std::string_view>(&field.value)) line += *text;
      if (const auto* number = std::get_if<int64_t>(&field.value)) line += std::to_string(*number);
    }
    std::lock_guard lock(mutex_);
    lines_.push_back(std::move(line));
  }

  std::vector<std::string> lines() const {
    std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

}  // namespace flambeau
