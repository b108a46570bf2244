#include "cli/label.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "cli/files.h"

namespace flambeau::client {
namespace {

using nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr char kStable[] = "stable";
constexpr size_t kLongestLabel = 64;
constexpr size_t kMostBytes = size_t{1} << 20;  // as the server
constexpr double kWhole = 100;
constexpr auto kPollEvery = std::chrono::milliseconds(50);

absl::Status Mistake(const std::string& what) { return absl::InvalidArgumentError(what); }

bool IsLabel(const std::string& text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto allowed = [&](char c) {
    return letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  };
  return !text.empty() && text.size() <= kLongestLabel && letter(text.front()) &&
         std::all_of(text.begin(), text.end(), allowed);
}

absl::Status CheckShares(const ordered_json& shares) {
  double sum = 0;
  for (const auto& share : shares) sum += share.is_number() ? share.get<double>() : 0;
  if (sum <= kWhole) return absl::OkStatus();
  return Mistake("the shares would be more than 100 percent together; lower another one first");
}

// An object by that name in `routing`; made if there is none.
absl::Status MakeMember(const std::string& name, ordered_json* routing) {
  ordered_json& member = (*routing)[name];
  if (member.is_null()) member = ordered_json::object();
  if (member.is_object()) return absl::OkStatus();
  return Mistake("routing.json: " + name + " is no object; correct it first");
}

absl::StatusOr<int64_t> ParseVersion(const std::string& text) {
  int64_t version = 0;
  const char* end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, version);
  if (error == std::errc() && at == end && version > 0) return version;
  return Mistake("the version '" + text + "' is no whole number from 1");
}

absl::Status Apply(const LabelOptions& options, ordered_json* labels, ordered_json* shares) {
  if (options.version.empty()) {
    labels->erase(options.label);
    shares->erase(options.label);
    return absl::OkStatus();
  }
  const absl::StatusOr<int64_t> version = ParseVersion(options.version);
  if (!version.ok()) return version.status();
  (*labels)[options.label] = *version;
  if (!options.share) return absl::OkStatus();
  if (options.label == kStable) {
    return Mistake("'stable' has no share: it gets what no other label takes");
  }
  (*shares)[options.label] = *options.share;
  return CheckShares(*shares);
}

fs::path ModelDirectory(const LabelOptions& options) {
  return fs::path(options.directory) / options.model;
}

absl::Status CheckDirectory(const LabelOptions& options) {
  std::error_code error;
  const fs::path model = ModelDirectory(options);
  if (!fs::is_directory(model, error)) {
    return Mistake("'" + model.string() +
                   "' is no directory; labels are for models that have one, " +
                   "with their versions in it: " + (model / "1/model.pt").string());
  }
  if (options.version.empty() || fs::exists(model / options.version, error)) {
    return absl::OkStatus();
  }
  return Mistake("'" + model.string() + "' has no version " + options.version);
}

std::string ShareText(double share) {  // as the server's metadata has it
  std::ostringstream text;
  text << share;
  return text.str();
}

// Empty: there is none.
std::string PropertyOf(const ModelMetadata& metadata, const std::string& key) {
  const auto found = metadata.properties.find(key);
  return found == metadata.properties.end() ? "" : found->second;
}

bool IsInForce(const ModelMetadata& metadata, const LabelOptions& options) {
  if (PropertyOf(metadata, "labels." + options.label) != options.version) return false;
  return !options.share ||
         PropertyOf(metadata, "shares." + options.label) == ShareText(*options.share);
}

// Why it may be that it is not.
std::string ReasonOf(Client* client, const LabelOptions& options) {
  const absl::StatusOr<std::vector<ModelState>> states = client->Index();
  if (!states.ok()) return std::string(states.status().message());
  bool known = options.version.empty();
  for (const ModelState& state : *states) {
    if (state.name != options.model) continue;
    if (!state.reason.empty()) return state.reason;  // of a file that was refused, on any version
    known = known || state.version == options.version;
  }
  return known ? "see the server's log" : "the server has no version " + options.version + " of it";
}

}  // namespace

absl::StatusOr<std::string> EditRouting(const std::string& text, const LabelOptions& options) {
  ordered_json routing = ordered_json::object();
  if (!text.empty()) routing = ordered_json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!routing.is_object()) return Mistake("routing.json is no JSON object; correct it first");
  if (!IsLabel(options.label)) {
    return Mistake("the label '" + options.label +
                   "' must be a letter, then up to 63 letters, digits, '.', '_' or '-'");
  }
  absl::Status status = MakeMember("labels", &routing);
  if (status.ok()) status = MakeMember("shares", &routing);
  if (!status.ok()) return status;
  ordered_json& shares = routing["shares"];
  if (status = Apply(options, &routing["labels"], &shares); !status.ok()) return status;
  if (shares.empty()) routing.erase("shares");
  return routing.dump() + "\n";
}

absl::Status WriteLabel(const LabelOptions& options) {
  if (const absl::Status status = CheckDirectory(options); !status.ok()) return status;
  const std::string path = (ModelDirectory(options) / "routing.json").string();
  std::error_code error;
  absl::StatusOr<std::string> text = std::string();
  if (fs::exists(path, error)) text = ReadFile(path, kMostBytes);
  if (!text.ok()) return text.status();
  const absl::StatusOr<std::string> edited = EditRouting(*text, options);
  if (!edited.ok()) return edited.status();
  return ReplaceFile(path, *edited);
}

absl::Status AwaitLabel(Client* client, const LabelOptions& options,
                        std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  const absl::Status loaded = client->Load(options.model);
  // Unimplemented: the server watches, or never changes.
  if (!loaded.ok() && loaded.code() != absl::StatusCode::kUnimplemented) return loaded;
  while (true) {
    const absl::StatusOr<ModelMetadata> metadata = client->Model(options.model, "");
    if (metadata.ok() && IsInForce(*metadata, options)) return absl::OkStatus();
    if (std::chrono::steady_clock::now() >= deadline) {
      return absl::DeadlineExceededError("routing.json is written, but not in force: " +
                                         ReasonOf(client, options));
    }
    std::this_thread::sleep_for(kPollEvery);
  }
}

}  // namespace flambeau::client
