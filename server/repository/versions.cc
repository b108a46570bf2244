#include "repository/versions.h"

#include <algorithm>
#include <utility>

namespace flambeau {

void Versions::SetWhole(ModelState state, std::string reason) {
  state_ = state;
  reason_ = std::move(reason);
}

Result<ServablePtr> Versions::Pin(const std::string& name, const WantedVersion& wanted) const {
  if (entries_.empty()) return NotReady(name, state_, reason_);
  if (wanted.number) return PinNumber(name, *wanted.number);
  if (!wanted.label.empty()) return PinLabel(name, wanted.label);
  if (const VersionEntry* chosen = ChooseReady(wanted.shared)) return ServablePtr(chosen->servable);
  for (const ModelState state : {ModelState::kLoading, ModelState::kUnloading}) {
    for (const auto& [version, entry] : entries_) {
      if (entry.state == state) return NotReady(name, state, "");
    }
  }
  return NotReady(name, ModelState::kUnavailable, entries_.rbegin()->second.reason);
}

Result<ServablePtr> Versions::PinNumber(const std::string& name, int64_t wanted) const {
  const auto found = entries_.find(wanted);
  if (found == entries_.end()) return Missing(name, wanted);
  const VersionEntry& entry = found->second;
  if (entry.state == ModelState::kReady) return ServablePtr(entry.servable);
  return NotReady(name, entry.state, entry.reason);
}

Result<ServablePtr> Versions::PinLabel(const std::string& name, const std::string& label) const {
  const auto found = routing_.labels.find(label);
  if (found != routing_.labels.end()) return PinNumber(name, found->second);
  if (routing_.labels.empty()) {
    return InvalidArgument("A model's version is a whole number, such as 1; model '" + name +
                           "' has no labels.");
  }
  std::string list;
  for (const auto& [known, version] : routing_.labels) list += (list.empty() ? "" : ", ") + known;
  return NotFound("Model '" + name + "' has no label '" + label + "'; its labels are " + list +
                  ".");
}

const VersionEntry* Versions::ChooseReady(bool shared) const {
  if (const auto share = shared ? NextShare() : std::nullopt) {
    if (const VersionEntry* entry = FindReady(*share)) return entry;
  }
  const auto stable = routing_.labels.find(kStableLabel);
  if (stable != routing_.labels.end()) {
    if (const VersionEntry* entry = FindReady(stable->second)) return entry;
  }
  // A version on trial does not get everything as long as there is another.
  const auto is_on_trial = [this](int64_t version) {
    return std::any_of(routing_.shares.begin(), routing_.shares.end(), [&](const auto& share) {
      return routing_.labels.find(share.first)->second == version;
    });
  };
  const VersionEntry* highest = nullptr;
  for (auto at = entries_.rbegin(); at != entries_.rend(); ++at) {
    if (at->second.state != ModelState::kReady) continue;
    if (!is_on_trial(at->first)) return &at->second;
    if (highest == nullptr) highest = &at->second;
  }
  return highest;
}

// The multiples of the golden ratio, modulo 1, spread more evenly than chance would, and a client
// that alternates two kinds of request does not send one of them to one version.
std::optional<int64_t> Versions::NextShare() const {
  if (routing_.shares.empty()) return std::nullopt;
  constexpr uint64_t kGoldenRatio = 0x9E3779B97F4A7C15;  // times 2^64
  constexpr double kWhole = 18446744073709551616.0;      // 2^64
  const double percent = static_cast<double>(requests_++ * kGoldenRatio) / kWhole * 100;
  double edge = 0;
  for (const auto& [label, share] : routing_.shares) {
    edge += share;
    if (percent < edge) return routing_.labels.find(label)->second;
  }
  return std::nullopt;
}

const VersionEntry* Versions::FindReady(int64_t version) const {
  const auto found = entries_.find(version);
  const bool ready = found != entries_.end() && found->second.state == ModelState::kReady;
  return ready ? &found->second : nullptr;
}

bool Versions::SetRouting(const Routing& routing, bool loaded) {
  if (routing == routing_) return true;
  const auto all = [&](auto&& holds) {
    return std::all_of(routing.labels.begin(), routing.labels.end(),
                       [&](const auto& label) { return holds(label.second); });
  };
  const auto is_settled = [this](int64_t version) {
    const auto found = entries_.find(version);
    return found != entries_.end() && found->second.state != ModelState::kLoading;
  };
  const bool all_ready = all([this](int64_t version) { return FindReady(version) != nullptr; });
  const bool serves = ChooseReady(/*shared=*/false) != nullptr;
  const bool first = routing_.labels.empty() && (!serves || (loaded && all(is_settled)));
  if (!all_ready && !first) return false;
  if (routing.labels != routing_.labels) {
    left_.clear();
    for (const auto& [label, version] : routing_.labels) left_.insert(version);
  }
  routing_ = routing;
  return true;
}

bool Versions::IsLabelled(int64_t version) const {
  return left_.count(version) > 0 ||
         std::any_of(routing_.labels.begin(), routing_.labels.end(),
                     [version](const auto& label) { return label.second == version; });
}

Status Versions::Missing(const std::string& name, int64_t wanted) const {
  const std::string start =
      "Model '" + name + "' has no version " + std::to_string(wanted) + " here; ";
  if (entries_.size() == 1) {
    return NotFound(start + "version " + std::to_string(entries_.begin()->first) +
                    " is the one that serves.");
  }
  std::string list;
  for (const auto& [version, entry] : entries_) {
    list += (list.empty() ? "" : ", ") + std::to_string(version);
  }
  return NotFound(start + "its versions are " + list + ".");
}

Status Versions::NotReady(const std::string& name, ModelState state, const std::string& reason) {
  if (state == ModelState::kLoading) {
    return Unavailable("Model '" + name + "' is still loading; try again in a moment.");
  }
  if (state == ModelState::kUnloading) {
    return Unavailable("Model '" + name + "' is being unloaded.");
  }
  return Unavailable("Model '" + name + "' is not available: " + reason);
}

void Versions::AddReady(std::vector<ServablePtr>* ready) const {
  for (auto at = entries_.rbegin(); at != entries_.rend(); ++at) {
    if (at->second.state == ModelState::kReady) ready->push_back(at->second.servable);
  }
}

void Versions::AddToIndex(const std::string& name, std::vector<IndexEntry>* index) const {
  if (entries_.empty()) index->push_back({name, 0, state_, reason_});
  for (const auto& [version, entry] : entries_) {
    index->push_back({name, version, entry.state, entry.reason});
  }
}

}  // namespace flambeau
