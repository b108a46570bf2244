#include "repository/repository.h"

#include <algorithm>
#include <charconv>
#include <sstream>
#include <utility>

#include "repository/loading_repository.h"

namespace flambeau {
namespace {

constexpr size_t kNamesShown = 8;
constexpr char kEveryModel[] = "*";
constexpr char kStopping[] = "the server is stopping";

// "a, b, c and 4 more".
template <typename Entries>
std::string ListNames(const Entries& entries) {
  std::string list;
  size_t shown = 0;
  for (const auto& [name, entry] : entries) {
    if (shown == kNamesShown) {
      return list + " and " + std::to_string(entries.size() - shown) + " more";
    }
    list += (shown++ == 0 ? "" : ", ") + name;
  }
  return list;
}

// Digits only, as in "/versions/3"; nothing if it is not a number that fits.
std::optional<int64_t> ParseVersion(std::string_view text) {
  int64_t version = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, version);
  if (error != std::errc() || stop != end || text.front() == '-') return std::nullopt;
  return version;
}

// "canary=4 (10%), stable=3", for the log.
std::string Describe(const Routing& routing) {
  std::string text;
  for (const auto& [label, version] : routing.labels) {
    text += (text.empty() ? "" : ", ") + label + "=" + std::to_string(version);
    const auto share = routing.shares.find(label);
    if (share == routing.shares.end()) continue;
    std::ostringstream percent;
    percent << " (" << share->second << "%)";
    text += percent.str();
  }
  return text;
}

Status WrongName() {
  return InvalidArgument(
      "A model's name is 1 to 128 letters, digits, '.', '_' or '-', and starts with no dot.");
}

}  // namespace

LoadingRepository::LoadingRepository(Options options, const Dependencies& dependencies)
    : options_(std::move(options)),
      dependencies_(dependencies),
      refiner_(dependencies.inspector == nullptr
                   ? nullptr
                   : std::make_shared<Refiner>([this](const std::string& name, int64_t version) {
                       Refine(name, version);
                     })),
      loader_(options_.device, options_.scheduler, options_.tuning, dependencies, refiner_),
      reaper_([this](const std::string& name, int64_t version) { OnGone(name, version); }) {}

LoadingRepository::~LoadingRepository() {
  Stop();
  watcher_.reset();
  loaders_.clear();                           // joins: a load in progress ends first
  if (refiner_ != nullptr) refiner_->Join();  // as does a check
  Entries entries;
  {
    const std::lock_guard lock(mutex_);
    entries.swap(entries_);
  }
  entries.clear();
  reaper_.Stop();
}

Status LoadingRepository::Start() {
  // Before the layout: what changes from now on is seen as a change.
  Result<ModelTree> known = ReadModelTree(options_.path);
  FLAMBEAU_ASSIGN_OR_RETURN(Layout layout, ScanLayout(options_.path));
  for (const SkippedEntry& skipped : layout.skipped) {
    dependencies_.log->Warning("entry skipped",
                               {{"entry", skipped.entry}, {"reason", skipped.reason}});
  }
  for (FoundModel& found : layout.models) {
    const std::string name = found.name;
    entries_[name].found = std::move(found);
  }
  if (entries_.empty()) {
    const bool restart = options_.control == ModelControl::kNone;
    dependencies_.log->Warning("no models",
                               {{"hint", std::string("put NAME.pt, NAME/model.pt or "
                                                     "NAME/1/model.pt into the directory") +
                                             (restart ? " and restart" : "")}});
  }
  FLAMBEAU_RETURN_IF_ERROR(CheckNames());
  StartLoading();
  if (options_.control == ModelControl::kWatch) {
    watcher_ = std::make_unique<Watcher>(
        options_.path, options_.watch, known.ok() ? *std::move(known) : ModelTree{},
        DirectoryEvents::Create, dependencies_.clock, dependencies_.log,
        [this](const std::string& name) { OnChange(name); });
  }
  return OkStatus();
}

Status LoadingRepository::CheckNames() const {
  const auto check = [this](const std::string& name, const std::string& flag) {
    if (entries_.find(name) != entries_.end()) return OkStatus();
    return InvalidArgument(flag + " names '" + name + "', which is not among the models" +
                           (entries_.empty() ? "." : ": " + ListNames(entries_) + "."));
  };
  if (!options_.default_model.empty()) {
    FLAMBEAU_RETURN_IF_ERROR(check(options_.default_model, "--default-model"));
  }
  for (const std::string& name : options_.load_at_start) {
    if (name != kEveryModel) FLAMBEAU_RETURN_IF_ERROR(check(name, "--load-model"));
  }
  return OkStatus();
}

void LoadingRepository::StartLoading() {
  const bool chosen = options_.control == ModelControl::kExplicit;
  const bool to_the_end = options_.control == ModelControl::kNone;
  const std::set<std::string> names(options_.load_at_start.begin(), options_.load_at_start.end());
  const bool all = !chosen || names.count(kEveryModel) > 0;
  for (auto& [name, entry] : entries_) {
    if (all || names.count(name) > 0) {
      jobs_.push_back({name, Cause::kStart, false, std::nullopt, nullptr});
    } else {
      entry.versions.SetWhole(ModelState::kUnavailable, "it is not loaded");
    }
  }
  unsettled_ = jobs_.size();
  size_t threads = std::max(options_.load_threads, 1);
  if (to_the_end) threads = std::min(threads, jobs_.size());
  for (size_t i = 0; i < threads; ++i) {
    loaders_.emplace_back("load-" + std::to_string(i), [this] { LoadLoop(); });
  }
}

Result<ServablePtr> LoadingRepository::Resolve(std::string_view name,
                                               std::string_view version) const {
  return Pin(name, version, /*shared=*/false);
}

Result<ServablePtr> LoadingRepository::Route(std::string_view name,
                                             std::string_view version) const {
  return Pin(name, version, /*shared=*/true);
}

Result<ServablePtr> LoadingRepository::Pin(std::string_view name, std::string_view version,
                                           bool shared) const {
  if (!name.empty() && !IsModelName(name)) return WrongName();
  WantedVersion wanted;
  wanted.shared = shared;
  if (IsVersionLabel(version)) {
    wanted.label = version;
  } else if (!version.empty()) {
    wanted.number = ParseVersion(version);
    if (!wanted.number) return InvalidArgument("A model's version is a whole number, such as 1.");
  }
  const std::lock_guard lock(mutex_);
  FLAMBEAU_ASSIGN_OR_RETURN(const auto entry, Find(name));
  return entry->second.versions.Pin(entry->first, wanted);
}

Routing LoadingRepository::RoutingOf(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(name);
  return found == entries_.end() ? Routing{} : found->second.versions.routing();
}

Result<LoadingRepository::Entries::const_iterator> LoadingRepository::Find(
    std::string_view name) const {
  if (name.empty() && options_.default_model.empty()) {
    if (entries_.size() == 1) return entries_.begin();
    if (entries_.empty()) return NotFound("No model is served: the model directory is empty.");
    return InvalidArgument("Name a model, since several are served (" + ListNames(entries_) +
                           ") and --default-model is not set.");
  }
  const std::string wanted(name.empty() ? std::string_view(options_.default_model) : name);
  const auto entry = entries_.find(wanted);
  if (entry != entries_.end()) return entry;
  return NotFound("There is no model '" + wanted + "'" +
                  (entries_.empty() ? "." : "; the models are: " + ListNames(entries_) + "."));
}

std::vector<ServablePtr> LoadingRepository::Ready(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  std::vector<ServablePtr> ready;
  for (const auto& [key, entry] : entries_) {
    if (name.empty() || key == name) entry.versions.AddReady(&ready);
  }
  return ready;
}

std::vector<IndexEntry> LoadingRepository::Index() const {
  const std::lock_guard lock(mutex_);
  std::vector<IndexEntry> index;
  for (const auto& [name, entry] : entries_) entry.versions.AddToIndex(name, &index);
  return index;
}

bool LoadingRepository::Settled() const {
  const std::lock_guard lock(mutex_);
  if (unsettled_ != 0) return false;
  return !stopping_ || (busy_.empty() && (refiner_ == nullptr || !refiner_->busy()));
}

bool LoadingRepository::WaitSettled(TimePoint deadline) {
  std::unique_lock lock(mutex_);
  while (unsettled_ != 0 && dependencies_.clock->Now() < deadline) {
    dependencies_.clock->WaitUntil(settled_, lock, deadline);
  }
  return unsettled_ == 0;
}

void LoadingRepository::Stop() {
  if (watcher_ != nullptr) watcher_->Stop();
  if (refiner_ != nullptr) refiner_->Stop();
  std::vector<std::shared_ptr<LoadedServable>> servables;
  std::deque<Job> dropped;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    dropped.swap(jobs_);
    for (const Job& job : dropped) unsettled_ -= job.cause == Cause::kStart ? 1 : 0;
    for (auto& [name, entry] : entries_) {
      // A model that was refused as a whole keeps its own reason.
      if (entry.versions.entries().empty() && entry.versions.Loading()) {
        entry.versions.SetWhole(ModelState::kUnavailable, kStopping);
      }
      for (auto& [number, version] : entry.versions.entries()) {
        if (version.state == ModelState::kUnavailable) continue;
        version.state = ModelState::kUnavailable;
        version.reason = kStopping;
        if (version.servable != nullptr) servables.push_back(version.servable);
      }
    }
    settled_.notify_all();
    wake_.notify_all();
  }
  for (const auto& servable : servables) servable->Stop();
  for (const Job& job : dropped) {
    if (job.done != nullptr) job.done(Unavailable("The server is stopping; ask another one."));
  }
}

void LoadingRepository::Load(const std::string& name, std::optional<std::string> config,
                             LoadDone done) {
  Enqueue({name, Cause::kRequest, false, std::move(config), std::move(done)});
}

void LoadingRepository::Unload(const std::string& name, LoadDone done) {
  Enqueue({name, Cause::kRequest, true, std::nullopt, std::move(done)});
}

void LoadingRepository::Enqueue(Job job) {
  Status refused;
  if (options_.control != ModelControl::kExplicit) {
    refused = Unimplemented(
        "Models are loaded and unloaded by request only if the server is started with "
        "--model-control explicit.");
  } else if (!IsModelName(job.name)) {
    refused = WrongName();
  } else {
    const std::lock_guard lock(mutex_);
    const auto asked = std::count_if(jobs_.begin(), jobs_.end(), [](const Job& other) {
      return other.cause == Cause::kRequest;
    });
    if (stopping_) {
      refused = Unavailable("The server is stopping; ask another one.");
    } else if (static_cast<size_t>(asked) >= options_.max_waiting_loads) {
      refused = ResourceExhausted("Too many models wait to be loaded; try again later.");
    } else {
      jobs_.push_back(std::move(job));
      wake_.notify_one();
      return;
    }
  }
  job.done(refused);
}

void LoadingRepository::OnChange(const std::string& name) {
  Reroute(name);
  const std::lock_guard lock(mutex_);
  // One that waits will find what is there now.
  const bool waits = std::any_of(jobs_.begin(), jobs_.end(), [&](const Job& job) {
    return job.cause == Cause::kWatch && job.name == name;
  });
  if (stopping_ || waits) return;
  jobs_.push_back({name, Cause::kWatch, false, std::nullopt, nullptr});
  wake_.notify_one();
}

// At once, though a version of the model may be loading for minutes.
void LoadingRepository::Reroute(const std::string& name) {
  const std::lock_guard routing_lock(routing_mutex_);
  FoundModel model;
  {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(name);
    if (found == entries_.end()) return;
    model = found->second.found;
  }
  const Result<Routing> routing = RoutingOnDisk(model);
  if (!routing.ok()) return;  // the load that follows says so
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(name);
  if (found != entries_.end())
    ApplyRouting(name, *routing, /*loaded=*/false, &found->second.versions);
}

Result<Routing> LoadingRepository::RoutingOnDisk(const FoundModel& found) {
  return found.directory ? ReadRouting(found.path) : Routing{};
}

void LoadingRepository::ApplyRouting(const std::string& name, const Routing& routing, bool loaded,
                                     Versions* versions) {
  if (routing == versions->routing()) return;
  if (versions->SetRouting(routing, loaded)) {
    dependencies_.log->Info("model routed", {{"model", name}, {"routing", Describe(routing)}});
  } else {
    dependencies_.log->Warning("routing waits for versions that are not ready",
                               {{"model", name}, {"routing", Describe(routing)}});
  }
}

std::string_view Name(ModelState state) {
  switch (state) {
    case ModelState::kLoading:
      return "LOADING";
    case ModelState::kReady:
      return "READY";
    case ModelState::kUnavailable:
      return "UNAVAILABLE";
    case ModelState::kUnloading:
      return "UNLOADING";
  }
  return "UNAVAILABLE";
}

Result<std::unique_ptr<Repository>> Repository::Create(const Options& options,
                                                       const Dependencies& dependencies) {
  auto repository = std::make_unique<LoadingRepository>(options, dependencies);
  FLAMBEAU_RETURN_IF_ERROR(repository->Start());
  return repository;
}

}  // namespace flambeau
