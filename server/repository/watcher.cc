#include "repository/watcher.h"

#include <utility>

namespace flambeau {
namespace {

constexpr size_t kMostMoved = 1024;  // more of them must rest like anything else

}  // namespace

Watcher::Watcher(std::string path, const Options& options, ModelTree known,
                 const MakeEvents& make_events, Clock* clock, Log* log, OnChange on_change)
    : path_(std::move(path)),
      options_(options),
      clock_(clock),
      log_(log),
      on_change_(std::move(on_change)),
      changes_(options.changes, std::move(known), IsIncomplete),
      events_(make_events([this](std::optional<std::string> moved) { OnEvent(std::move(moved)); })),
      thread_("watch", [this] { Run(); }) {}

Watcher::~Watcher() {
  Stop();
  thread_.Join();
}

void Watcher::Stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  wake_.notify_all();
}

void Watcher::OnEvent(std::optional<std::string> moved) {
  const std::lock_guard lock(mutex_);
  if (moved && moved_.size() < kMostMoved) moved_.insert(*std::move(moved));
  woken_ = true;
  wake_.notify_all();
}

void Watcher::Run() {
  std::unique_lock lock(mutex_);
  while (!stopped_) {
    woken_ = false;
    const std::set<std::string> moved = std::exchange(moved_, {});
    lock.unlock();
    Look(moved);
    const TimePoint next =
        clock_->Now() + (changes_.waiting() ? options_.changes.rest : options_.rescan);
    lock.lock();
    while (!stopped_ && !woken_ && clock_->Now() < next) clock_->WaitUntil(wake_, lock, next);
  }
}

void Watcher::Look(const std::set<std::string>& moved) {
  const Result<ModelTree> tree = ReadModelTree(path_);
  if (!tree.ok()) {
    if (!std::exchange(reported_, true)) {
      log_->Error("model directory not read; what serves goes on",
                  {{"reason", Message(tree.status())}});
    }
    return;
  }
  reported_ = false;
  const Status watched = events_->Watch(tree->directories);
  if (!watched.ok() && !std::exchange(eventless_, true)) {
    log_->Warning("changes are noticed by looking only", {{"reason", Message(watched)}});
  }
  // What came into a new directory before it was watched sent no event.
  if (std::exchange(watched_, tree->directories) != tree->directories) OnEvent(std::nullopt);
  for (const std::string& model : changes_.Look(*tree, moved, clock_->Now())) on_change_(model);
}

}  // namespace flambeau
