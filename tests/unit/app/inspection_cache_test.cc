#include "app/inspection_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "repository/temp_directory.h"

namespace flambeau {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class InspectionCacheTest : public ::testing::Test {
 protected:
  InspectionCacheTest() {
    request_.file = place_.Write("m.pt", "weights");
    options_.directory = place_ / "cache/inspections";
    options_.identity = "build 1";
  }

  std::unique_ptr<InspectionCache> Create() {
    auto cache = InspectionCache::Create(options_);
    EXPECT_TRUE(cache.ok()) << cache.status();
    return *std::move(cache);
  }
  std::string Key(const std::string& config = "") { return *Create()->KeyOf(request_, config); }
  size_t Entries() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(options_.directory), {}));
  }
  static Inspection Noted(const std::string& note) {
    Inspection inspection;
    inspection.notes = {note};
    return inspection;
  }

  TempDirectory place_;
  InspectionRequest request_;
  InspectionCache::Options options_;
};

TEST_F(InspectionCacheTest, KeepsWhatWasStored) {
  Create()->Store(Key(), Noted("seen"));
  const auto found = Create()->Find(Key());
  ASSERT_TRUE(found);
  EXPECT_EQ(found->notes, Noted("seen").notes);
  EXPECT_FALSE(Create()->Find(Key("another configuration")));
}

TEST_F(InspectionCacheTest, TheKeyIsOfAllThatMatters) {
  const std::string key = Key();
  EXPECT_EQ(key.size(), 64u);
  EXPECT_EQ(Key(), key);
  place_.Write("n.pt", "weights");
  request_.file = place_ / "n.pt";
  EXPECT_EQ(Key(), key) << "a file's name does not matter";
  place_.Write("n.pt", "weightz");
  EXPECT_NE(Key(), key);
  place_.Write("n.pt", "weights");
  request_.device = "cuda:0";
  EXPECT_NE(Key(), key);
  request_.device = "cpu";
  request_.scheduler.max_batch_size = 7;
  EXPECT_NE(Key(), key);
  request_.scheduler.max_batch_size = Scheduler::Options().max_batch_size;
  request_.tuning = {true, true, true, 2};
  const std::string tuned = Key();
  EXPECT_NE(tuned, key);
  request_.tuning.cores = 4;
  EXPECT_NE(Key(), tuned);
  request_.tuning = {false, true, true, 2};
  EXPECT_NE(Key(), tuned);
  request_.tuning = {};
  EXPECT_EQ(Key(), key);
  options_.identity = "build 2";
  EXPECT_NE(Key(), key);
  options_.identity = "build 1";
  EXPECT_EQ(Key(), key);
  request_.file = place_ / "absent.pt";
  EXPECT_EQ(Create()->KeyOf(request_, "").status().code(), StatusCode::kNotFound);
}

TEST_F(InspectionCacheTest, ADamagedEntryIsNotThere) {
  Create()->Store(Key(), Noted("seen"));
  const fs::path entry = *fs::directory_iterator(options_.directory);
  fs::resize_file(entry, fs::file_size(entry) / 2);
  EXPECT_FALSE(Create()->Find(Key()));
}

TEST_F(InspectionCacheTest, IsItsOwnersAlone) {
  Create()->Store(Key(), Noted("seen"));
  EXPECT_EQ(fs::status(options_.directory).permissions(), fs::perms::owner_all);
  const fs::path entry = *fs::directory_iterator(options_.directory);
  EXPECT_EQ(fs::status(entry).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  fs::permissions(options_.directory, fs::perms::all);
  const auto open_to_all = InspectionCache::Create(options_);
  EXPECT_EQ(open_to_all.status().code(), StatusCode::kFailedPrecondition);
}

TEST_F(InspectionCacheTest, APlaceThatCannotBeMadeIsRefused) {
  options_.directory = place_ / "m.pt/inspections";
  EXPECT_EQ(InspectionCache::Create(options_).status().code(), StatusCode::kFailedPrecondition);
}

TEST_F(InspectionCacheTest, ThoseNotUsedForLongestGo) {
  options_.max_entries = 3;
  const auto cache = Create();
  for (int i = 0; i < 3; ++i) {
    cache->Store("k" + std::to_string(i), Noted("seen"));
    const auto age = std::chrono::hours(10 - i);
    fs::last_write_time(options_.directory + "/k" + std::to_string(i) + ".json",
                        fs::file_time_type::clock::now() - age);
  }
  EXPECT_TRUE(cache->Find("k0")) << "used again";
  cache->Store("k3", Noted("seen"));
  EXPECT_EQ(Entries(), 3u);
  EXPECT_FALSE(cache->Find("k1"));
  for (const char* kept : {"k0", "k2", "k3"}) EXPECT_TRUE(cache->Find(kept)) << kept;
}

}  // namespace
}  // namespace flambeau
