#include "serving/trace_settings.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>

namespace flambeau {
namespace {

const TraceValues& Defaults() {
  static const auto& defaults = *new TraceValues{
      {"trace_file", {""}},    {"trace_level", {"OFF"}}, {"trace_rate", {"1000"}},
      {"trace_count", {"-1"}}, {"log_frequency", {"0"}}, {"trace_mode", {"triton"}},
  };
  return defaults;
}

Status CheckLevels(const std::vector<std::string>& levels) {
  const bool known = std::all_of(levels.begin(), levels.end(), [](const std::string& level) {
    return level == "OFF" || level == "TIMESTAMPS" || level == "TENSORS";
  });
  if (known && !levels.empty()) return OkStatus();
  return InvalidArgument("The setting 'trace_level' must be a list of OFF, TIMESTAMPS or TENSORS.");
}

Status CheckNumber(const std::string& name, const std::vector<std::string>& values, int64_t least) {
  int64_t number = 0;
  if (values.size() == 1) {
    const char* const end = values[0].data() + values[0].size();
    const auto [stop, error] = std::from_chars(values[0].data(), end, number);
    if (error == std::errc() && stop == end && number >= least &&
        number <= std::numeric_limits<int32_t>::max()) {
      return OkStatus();
    }
  }
  return InvalidArgument("The setting '" + name + "' must be one whole number from " +
                         std::to_string(least) + " to 2147483647.");
}

Status Check(const std::string& name, const std::vector<std::string>& values) {
  if (name == "trace_level") return CheckLevels(values);
  if (name == "trace_rate") return CheckNumber(name, values, 1);
  if (name == "trace_count") return CheckNumber(name, values, -1);
  if (name == "log_frequency") return CheckNumber(name, values, 0);
  // trace_file and trace_mode
  if (values == Defaults().at(name)) return OkStatus();
  return InvalidArgument("The setting '" + name + "' cannot be changed; leave it out.");
}

Status CheckAll(const TraceUpdate& update) {
  for (const auto& [name, values] : update) {
    if (Defaults().count(name) == 0) {
      return InvalidArgument("There is no trace setting '" + name.substr(0, 64) +
                             "'; there are trace_level, trace_rate, trace_count, log_frequency, "
                             "trace_file and trace_mode.");
    }
    if (values.has_value()) FLAMBEAU_RETURN_IF_ERROR(Check(name, *values));
  }
  return OkStatus();
}

}  // namespace

TraceValues TraceSettings::Get(std::string_view model) const {
  const std::lock_guard lock(mutex_);
  return Effective(std::string(model));
}

Result<TraceValues> TraceSettings::Update(std::string_view model, const TraceUpdate& update) {
  FLAMBEAU_RETURN_IF_ERROR(CheckAll(update));
  const std::string name(model);
  const std::lock_guard lock(mutex_);
  TraceValues& values = name.empty() ? global_ : models_[name];
  for (const auto& [setting, value] : update) {
    if (value.has_value()) {
      values[setting] = *value;
    } else {
      values.erase(setting);
    }
  }
  if (!name.empty() && values.empty()) models_.erase(name);
  TraceValues effective = Effective(name);
  if (effective.at("trace_level") != Defaults().at("trace_level")) {
    log_->Warning("traces are wanted, but this server writes none", {{"model", name}});
  }
  return effective;
}

TraceValues TraceSettings::Effective(const std::string& model) const {
  TraceValues values;
  if (const auto found = models_.find(model); found != models_.end()) values = found->second;
  values.insert(global_.begin(), global_.end());
  values.insert(Defaults().begin(), Defaults().end());
  return values;
}

}  // namespace flambeau
