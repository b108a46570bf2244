// A repository over a real directory and a backend that takes any file.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "backend/fake/fake_backend.h"
#include "backend/fake/fake_journal.h"
#include "repository/repository.h"
#include "repository/temp_directory.h"

namespace flambeau {

// Loads whatever file there is as y = 2x, unless its name is among the bad.
class AnyFileBackend final : public Backend {
 public:
  std::string name() const override { return "any"; }
  std::string version() const override { return "1"; }
  Result<std::string> ResolveDevice(const std::string& wanted) override {
    if (wanted != "cpu") return FailedPrecondition("there is no such device");
    return wanted;
  }
  Result<std::shared_ptr<Model>> Load(const std::string& path, const LoadOptions&) override {
    latch.Pass();
    ++loads;
    if (std::filesystem::file_size(path) == 3) return InvalidArgument("It is a bad file.");
    return std::shared_ptr<Model>(std::make_shared<FakeModel>(FakeFacts(), script));
  }

  FakeLatch latch;
  FakeScript script;
  std::atomic<int> loads{0};
};

class RepositoryFixture : public ::testing::Test {
 protected:
  void Start(std::vector<std::string> names, ModelControl control = ModelControl::kExplicit) {
    Repository::Options options;
    options.path = directory_.path();
    options.control = control;
    options.load_at_start = std::move(names);
    options.watch.changes.rest = std::chrono::milliseconds(20);
    options.watch.rescan = std::chrono::milliseconds(100);
    auto repository =
        Repository::Create(options, {&backend_, &clock_, &permits_, log_.get(), metrics_.get()});
    ASSERT_TRUE(repository.ok()) << repository.status();
    repository_ = *std::move(repository);
    ASSERT_TRUE(repository_->WaitSettled(clock_.Now() + std::chrono::seconds(60)));
  }
  void StartAll() { Start({}, ModelControl::kNone); }
  void StartWatching() { Start({}, ModelControl::kWatch); }

  Status Load(const std::string& name, std::optional<std::string> config = std::nullopt) {
    std::promise<Status> answered;
    repository_->Load(name, std::move(config),
                      [&](const Status& status) { answered.set_value(status); });
    return answered.get_future().get();
  }
  Status Unload(const std::string& name) {
    std::promise<Status> answered;
    repository_->Unload(name, [&](const Status& status) { answered.set_value(status); });
    return answered.get_future().get();
  }
  StatusCode CodeOf(std::string_view name, std::string_view version = "") {
    return repository_->Resolve(name, version).status().code();
  }
  int64_t ServedVersion(std::string_view name) {
    const auto servable = repository_->Resolve(name, "");
    return servable.ok() ? (*servable)->version() : -1;
  }
  // "1 READY", "2 UNAVAILABLE: why" for each version of `name`.
  std::vector<std::string> States(const std::string& name) {
    std::vector<std::string> states;
    for (const IndexEntry& entry : repository_->Index()) {
      if (entry.name != name) continue;
      states.push_back(std::to_string(entry.version) + " " + std::string(Name(entry.state)) +
                       (entry.reason.empty() ? "" : ": " + entry.reason));
    }
    return states;
  }
  // Until other threads are through.
  template <typename Condition>
  [[nodiscard]] bool Await(Condition condition) {
    for (int i = 0; i < 6000; ++i) {
      if (condition()) return true;
      std::mutex mutex;
      std::unique_lock lock(mutex);
      std::condition_variable tick;
      clock_.WaitUntil(tick, lock, clock_.Now() + std::chrono::milliseconds(10));
    }
    return false;
  }
  void AwaitStates(const std::string& name, const std::vector<std::string>& wanted) {
    EXPECT_TRUE(Await([&] { return States(name) == wanted; }))
        << ::testing::PrintToString(States(name));
  }

  TempDirectory directory_;
  AnyFileBackend backend_;
  SystemClock clock_;
  CorePermits permits_{2};
  std::unique_ptr<Log> log_ = Log::Silent();
  std::unique_ptr<Metrics> metrics_ = Metrics::Create();
  std::unique_ptr<Repository> repository_;
};

}  // namespace flambeau
