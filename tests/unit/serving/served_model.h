// A repository of one fake model "m", for the use cases' tests.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "backend/fake/fake_backend.h"
#include "repository/repository.h"

namespace flambeau {

class ServedModel {
 public:
  ServedModel(Facts facts, FakeScript script, Clock* clock, Metrics* metrics,
              Scheduler::Options scheduler = {}, FakeJournal* journal = nullptr) {
    std::string folder = ::testing::TempDir() + "flambeau-XXXXXX";
    folder_ = std::filesystem::canonical(mkdtemp(folder.data()));
    const std::filesystem::path file = folder_ / "m.pt";
    std::ofstream(file) << "fake";
    std::ofstream(folder_ / "broken.pt") << "fake";
    backend_.Register(file.string(),
                      std::make_shared<FakeModel>(std::move(facts), std::move(script), journal));
    Repository::Options options;
    options.path = folder_.string();
    options.default_model = "m";
    options.scheduler = std::move(scheduler);
    auto repository =
        Repository::Create(options, {&backend_, clock, &permits_, log_.get(), metrics});
    EXPECT_TRUE(repository.ok()) << repository.status();
    repository_ = *std::move(repository);
    EXPECT_TRUE(repository_->WaitSettled(kNoDeadline));
  }
  ~ServedModel() {
    repository_.reset();
    std::error_code error;
    std::filesystem::remove_all(folder_, error);
  }
  ServedModel(const ServedModel&) = delete;
  ServedModel& operator=(const ServedModel&) = delete;

  Repository* repository() { return repository_.get(); }

 private:
  std::filesystem::path folder_;
  FakeBackend backend_;
  CorePermits permits_{2};
  std::unique_ptr<Log> log_ = Log::Silent();
  std::unique_ptr<Repository> repository_;
};

}  // namespace flambeau
