#include "serving/trace_settings.h"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>

namespace flambeau {
namespace {

TraceValues Defaults(const std::string& file) {
  return {
      {"trace_file", {file}},  {"trace_level", {"OFF"}}, {"trace_rate", {"1000"}},
      {"trace_count", {"-1"}}, {"log_frequency", {"0"}}, {"trace_mode", {"triton"}},
  };
}

bool Holds(const std::vector<std::string>& levels, std::string_view level) {
  return std::find(levels.begin(), levels.end(), level) != levels.end();
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

Status Check(const std::string& name, const std::vector<std::string>& values,
             const TraceValues& defaults) {
  if (name == "trace_level") return CheckLevels(values);
  if (name == "trace_rate") return CheckNumber(name, values, 1);
  if (name == "trace_count") return CheckNumber(name, values, -1);
  if (name == "log_frequency") return CheckNumber(name, values, 0);
  // trace_file and trace_mode
  if (values == defaults.at(name)) return OkStatus();
  return InvalidArgument("The setting '" + name + "' cannot be changed; leave it out.");
}

Status CheckAll(const TraceUpdate& update, const TraceValues& defaults) {
  for (const auto& [name, values] : update) {
    if (defaults.count(name) == 0) {
      return InvalidArgument("There is no trace setting '" + name.substr(0, 64) +
                             "'; there are trace_level, trace_rate, trace_count, log_frequency, "
                             "trace_file and trace_mode.");
    }
    if (values.has_value()) FLAMBEAU_RETURN_IF_ERROR(Check(name, *values, defaults));
  }
  return OkStatus();
}

void Apply(const TraceUpdate& update, TraceValues* values) {
  for (const auto& [setting, value] : update) {
    if (value.has_value()) {
      (*values)[setting] = *value;
    } else {
      values->erase(setting);
    }
  }
}

}  // namespace

TraceSettings::TraceSettings(Log* log, const std::string& file)
    : log_(log), defaults_(Defaults(file)), has_file_(!file.empty()) {
  Restart(&global_);
}

TraceValues TraceSettings::Get(std::string_view model) const {
  const std::lock_guard lock(mutex_);
  return Effective(ScopeOf(model));
}

Result<TraceValues> TraceSettings::Update(std::string_view model, const TraceUpdate& update) {
  FLAMBEAU_RETURN_IF_ERROR(CheckAll(update, defaults_));
  const std::string name(model);
  const std::lock_guard lock(mutex_);
  Scope& scope = name.empty() ? global_ : models_[name];
  Apply(update, &scope.values);
  if (!name.empty() && scope.values.empty()) {
    models_.erase(name);
  } else {
    Restart(&scope);
  }
  if (name.empty()) {
    for (auto& [_, other] : models_) Restart(&other);  // what it does not set may have changed
  }
  Publish();
  TraceValues effective = Effective(ScopeOf(name));
  const std::vector<std::string>& levels = effective.at("trace_level");
  if (!has_file_ && levels != defaults_.at("trace_level")) {
    log_->Warning("traces are wanted, but --trace-file names no file", {{"model", name}});
  } else if (Holds(levels, "TENSORS")) {
    log_->Warning("tensors are not traced, only timestamps", {{"model", name}});
  }
  return effective;
}

std::optional<TraceSample> TraceSettings::Sample(const std::string& model) {
  const std::lock_guard lock(mutex_);
  const auto found = models_.find(model);
  Scope& scope = found == models_.end() ? global_ : found->second;
  if (!scope.timestamps || scope.left == 0) return std::nullopt;
  if (++scope.seen % scope.rate != 0) return std::nullopt;
  if (scope.left > 0 && --scope.left == 0) Publish();
  return TraceSample{next_id_++, scope.log_frequency};
}

// "trace_count" is how many are still to come.
TraceValues TraceSettings::Effective(const Scope& scope) const {
  TraceValues values = scope.values;
  values.insert(global_.values.begin(), global_.values.end());
  values.insert(defaults_.begin(), defaults_.end());
  if (scope.left >= 0) values["trace_count"] = {std::to_string(scope.left)};
  return values;
}

const TraceSettings::Scope& TraceSettings::ScopeOf(std::string_view model) const {
  const auto found = models_.find(model);
  return found == models_.end() ? global_ : found->second;
}

// The values have been checked.
void TraceSettings::Restart(Scope* scope) const {
  scope->left = -1;
  const TraceValues values = Effective(*scope);
  const auto number = [&](const std::string& name) { return std::stoll(values.at(name).front()); };
  scope->timestamps = Holds(values.at("trace_level"), "TIMESTAMPS");
  scope->rate = number("trace_rate");
  scope->left = number("trace_count");
  scope->log_frequency = number("log_frequency");
  scope->seen = 0;
}

void TraceSettings::Publish() {
  const auto samples = [](const Scope& scope) { return scope.timestamps && scope.left != 0; };
  const bool any =
      samples(global_) || std::any_of(models_.begin(), models_.end(),
                                      [&](const auto& model) { return samples(model.second); });
  on_.store(has_file_ && any, std::memory_order_relaxed);
}

}  // namespace flambeau
