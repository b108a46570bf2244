#include "repository/repository.h"

#include <charconv>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "base/thread.h"
#include "repository/layout.h"
#include "repository/loaded_servable.h"

namespace flambeau {
namespace {

constexpr size_t kNamesShown = 8;

struct Entry {
  int64_t version = 0;
  std::string file;
  ModelState state = ModelState::kLoading;
  std::string reason;
  std::shared_ptr<LoadedServable> servable;  // kept until the end, see LoadedServable
};

using Entries = std::map<std::string, Entry, std::less<>>;

// "a, b, c and 4 more".
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

// A model's own error as the reason it is shown with: a missing full stop is the only difference.
std::string Sentence(const Status& status) {
  std::string text(Message(status));
  return text.empty() ? "it could not be loaded" : text;
}

class LoadingRepository final : public Repository {
 public:
  LoadingRepository(Options options, const Dependencies& dependencies)
      : options_(std::move(options)), dependencies_(dependencies) {}

  ~LoadingRepository() override {
    Stop();
    loaders_.clear();  // joins: a load in progress ends first
  }

  Status Start() {
    FLAMBEAU_ASSIGN_OR_RETURN(Layout layout, ScanLayout(options_.path));
    for (const SkippedEntry& skipped : layout.skipped) {
      dependencies_.log->Warning("entry skipped",
                                 {{"entry", skipped.entry}, {"reason", skipped.reason}});
    }
    for (FoundModel& found : layout.models) Add(std::move(found));
    if (entries_.empty()) {
      dependencies_.log->Warning("no models",
                                 {{"hint",
                                   "put NAME.pt, NAME/model.pt or NAME/1/model.pt into the "
                                   "directory and restart"}});
    }
    const std::string& chosen = options_.default_model;
    if (!chosen.empty() && entries_.find(chosen) == entries_.end()) {
      return InvalidArgument("--default-model names '" + chosen +
                             "', which is not among the models" +
                             (entries_.empty() ? "." : ": " + ListNames(entries_) + "."));
    }
    StartLoading();
    return OkStatus();
  }

  Result<ServablePtr> Resolve(std::string_view name, std::string_view version) const override {
    if (!name.empty() && !IsModelName(name)) {
      return InvalidArgument(
          "A model's name is 1 to 128 letters, digits, '.', '_' or '-', and starts with no dot.");
    }
    std::optional<int64_t> wanted;
    if (!version.empty()) {
      wanted = ParseVersion(version);
      if (!wanted.has_value())
        return InvalidArgument("A model's version is a whole number, such as 1.");
    }
    std::lock_guard lock(mutex_);
    FLAMBEAU_ASSIGN_OR_RETURN(const auto entry, Find(name));
    return Pin(entry->first, entry->second, wanted);
  }

  std::vector<ServablePtr> Ready(std::string_view name) const override {
    std::lock_guard lock(mutex_);
    std::vector<ServablePtr> ready;
    for (const auto& [key, entry] : entries_) {
      if (!name.empty() && key != name) continue;
      if (entry.state == ModelState::kReady) ready.push_back(entry.servable);
    }
    return ready;
  }

  std::vector<IndexEntry> Index() const override {
    std::lock_guard lock(mutex_);
    std::vector<IndexEntry> index;
    for (const auto& [name, entry] : entries_) {
      index.push_back({name, entry.version, entry.state, entry.reason});
    }
    return index;
  }

  bool Settled() const override {
    std::lock_guard lock(mutex_);
    return unsettled_ == 0;
  }

  bool WaitSettled(TimePoint deadline) override {
    std::unique_lock lock(mutex_);
    while (unsettled_ != 0 && dependencies_.clock->Now() < deadline) {
      dependencies_.clock->WaitUntil(settled_, lock, deadline);
    }
    return unsettled_ == 0;
  }

  void Stop() override {
    std::vector<std::shared_ptr<LoadedServable>> servables;
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
      unsettled_ -= queue_.size();
      queue_.clear();
      for (auto& [name, entry] : entries_) {
        if (entry.state == ModelState::kUnavailable) continue;
        entry.state = ModelState::kUnavailable;
        entry.reason = "the server is stopping";
        if (entry.servable != nullptr) servables.push_back(entry.servable);
      }
      settled_.notify_all();
    }
    for (const auto& servable : servables) servable->Stop();
  }

 private:
  void Add(FoundModel found) {
    const std::string version = std::to_string(found.version);
    Entry& entry = entries_[found.name];
    entry.version = found.version;
    entry.file = std::move(found.file);
    if (found.problem.empty()) {
      queue_.push_back(found.name);
    } else {
      entry.state = ModelState::kUnavailable;
      entry.reason = std::move(found.problem);
      dependencies_.log->Error("model refused", {{"model", found.name}, {"reason", entry.reason}});
    }
    dependencies_.metrics->ModelState(found.name, version, Name(entry.state));
  }

  void StartLoading() {
    unsettled_ = queue_.size();
    const size_t threads = std::min<size_t>(std::max(options_.load_threads, 1), queue_.size());
    for (size_t i = 0; i < threads; ++i) {
      loaders_.emplace_back("load-" + std::to_string(i), [this] { LoadAll(); });
    }
  }

  void LoadAll() {
    while (true) {
      std::string name;
      Entry* entry = nullptr;
      {
        std::lock_guard lock(mutex_);
        if (queue_.empty()) return;
        name = std::move(queue_.front());
        queue_.pop_front();
        entry = &entries_.find(name)->second;  // entries are never removed
      }
      // `version` and `file` do not change, so they are read without the lock.
      Settle(name, entry, Load(name, *entry));
    }
  }

  Result<std::shared_ptr<LoadedServable>> Load(const std::string& name, const Entry& entry) {
    dependencies_.log->Info("model loading", {{"model", name}, {"version", entry.version}});
    const TimePoint begin = dependencies_.clock->Now();
    const LoadOptions load{options_.device, options_.scheduler.intra_op_threads};
    FLAMBEAU_ASSIGN_OR_RETURN(std::shared_ptr<Model> model,
                              dependencies_.backend->Load(entry.file, load));
    const std::string version = std::to_string(entry.version);
    auto servable = LoadedServable::Create(
        name, entry.version, std::move(model), options_.scheduler,
        {dependencies_.clock, dependencies_.permits, dependencies_.log, nullptr},
        dependencies_.metrics->ForModel(name, version));
    if (servable.ok()) {
      const Duration took = dependencies_.clock->Now() - begin;
      dependencies_.metrics->ModelLoadTime(name, version, took);
      LogReady(**servable, took);
    }
    return servable;
  }

  void LogReady(LoadedServable& servable, Duration took) {
    const Proof proof =
        servable.facts().methods.empty() ? Proof{} : servable.signature(0)->static_proof;
    dependencies_.log->Info("model ready",
                            {{"model", servable.name()},
                             {"version", servable.version()},
                             {"seconds", std::chrono::duration<double>(took).count()},
                             {"device", servable.facts().device},
                             {"instances", servable.scheduler().instances()},
                             {"batching", Name(proof.verdict)},
                             {"batching_reason", proof.reason}});
  }

  void Settle(const std::string& name, Entry* entry,
              Result<std::shared_ptr<LoadedServable>> servable) {
    if (!servable.ok()) {
      dependencies_.log->Error(
          "model failed to load",
          {{"model", name}, {"version", entry->version}, {"reason", Sentence(servable.status())}});
    }
    std::lock_guard lock(mutex_);
    --unsettled_;
    if (servable.ok() && !stopping_) {
      entry->state = ModelState::kReady;
      entry->servable = *std::move(servable);
    } else if (!stopping_) {
      entry->state = ModelState::kUnavailable;
      entry->reason = Sentence(servable.status());
    }
    dependencies_.metrics->ModelState(name, std::to_string(entry->version), Name(entry->state));
    settled_.notify_all();
  }

  Result<Entries::const_iterator> Find(std::string_view name) const {
    if (name.empty() && options_.default_model.empty()) {
      if (entries_.size() == 1) return entries_.begin();
      if (entries_.empty()) return NotFound("No model is served: the model directory is empty.");
      return InvalidArgument("Name a model, since several are served (" + ListNames(entries_) +
                             ") and --default-model is not set.");
    }
    const auto entry =
        entries_.find(name.empty() ? std::string_view(options_.default_model) : name);
    if (entry != entries_.end()) return entry;
    return NotFound("There is no model '" + std::string(name) + "'" +
                    (entries_.empty() ? "." : "; the models are: " + ListNames(entries_) + "."));
  }

  static Result<ServablePtr> Pin(const std::string& name, const Entry& entry,
                                 std::optional<int64_t> wanted) {
    if (wanted.has_value() && *wanted != entry.version && entry.version != 0) {
      return NotFound("Model '" + name + "' has no version " + std::to_string(*wanted) +
                      " here; version " + std::to_string(entry.version) +
                      " is the one that serves.");
    }
    if (entry.state == ModelState::kReady) return ServablePtr(entry.servable);
    if (entry.state == ModelState::kLoading) {
      return Unavailable("Model '" + name + "' is still loading; try again in a moment.");
    }
    return Unavailable("Model '" + name + "' is not available: " + entry.reason);
  }

  const Options options_;
  const Dependencies dependencies_;
  mutable std::mutex mutex_;
  std::condition_variable settled_;
  Entries entries_;
  std::deque<std::string> queue_;  // to be loaded; as long as the layout at most
  size_t unsettled_ = 0;           // waiting or being loaded
  bool stopping_ = false;
  std::vector<Thread> loaders_;
};

}  // namespace

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
