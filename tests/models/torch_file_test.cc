// Files that are no model, or a hostile one: refused with one sentence, never run.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "torch_cases.h"

namespace flambeau {
namespace {

Result<std::shared_ptr<Model>> Load(const std::string& path) {
  return TorchBackend().Load(path, LoadOptions{});
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

class Scratch {
 public:
  explicit Scratch(const std::string& name) : path_(CasePath("scratch_" + name + ".pt")) {}
  ~Scratch() { std::filesystem::remove(path_); }
  const std::string& Write(const std::string& bytes) const {
    std::ofstream(path_, std::ios::binary).write(bytes.data(), static_cast<int64_t>(bytes.size()));
    return path_;
  }

 private:
  const std::string path_;
};

TEST(TorchFile, EveryBadFileIsRefusedWithItsReason) {
  for (const auto& entry : Cases()["refused"]) {
    const auto model = Load(CasePath(entry["file"]));
    ASSERT_FALSE(model.ok()) << entry["file"];
    EXPECT_EQ(model.status().code(), StatusCode::kInvalidArgument) << entry["file"];
    const std::string text(Message(model.status()));
    EXPECT_NE(text.find(entry["says"].get<std::string>()), std::string::npos)
        << entry["file"] << ": " << text;
    EXPECT_EQ(text.find('\n'), std::string::npos) << text;
    EXPECT_EQ(text.find(FLAMBEAU_TORCH_CASES), std::string::npos) << text;
    EXPECT_EQ(text.back(), '.') << text;
  }
}

TEST(TorchFile, SetstateOfARefusedFileDoesNotRun) {
  std::filesystem::remove(CasePath("planted"));
  EXPECT_FALSE(Load(CasePath("setstate.pt")).ok());
  EXPECT_FALSE(std::filesystem::exists(CasePath("planted")));
}

TEST(TorchFile, AMissingFileAndADirectoryAreRefused) {
  EXPECT_EQ(Load(CasePath("no_such_file.pt")).status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(Load(CasePath("")).status().code(), StatusCode::kInvalidArgument);
}

TEST(TorchFile, EveryTruncationIsRefused) {
  const std::string whole = ReadFile(CasePath("mlp.pt"));
  ASSERT_GT(whole.size(), 1000u);
  const Scratch scratch("truncated");
  for (size_t i = 0; i < 60; ++i) {
    const auto model = Load(scratch.Write(whole.substr(0, whole.size() * i / 60)));
    ASSERT_FALSE(model.ok()) << i;
    EXPECT_EQ(model.status().code(), StatusCode::kInvalidArgument) << model.status();
  }
}

TEST(TorchFile, DamagedBytesNeverCrash) {
  const std::string whole = ReadFile(CasePath("mlp.pt"));
  const Scratch scratch("damaged");
  int refused = 0;
  for (size_t i = 0; i < 80; ++i) {
    std::string damaged = whole;
    // A multiplicative walk: places all over the file, the same on every run.
    const size_t at = (i * 2654435761U) % whole.size();
    for (size_t k = at; k < std::min(at + 4, whole.size()); ++k) damaged[k] ^= '\x5b';
    const auto model = Load(scratch.Write(damaged));
    if (model.ok()) continue;  // padding, or a checksum of nothing
    refused += 1;
    EXPECT_EQ(std::string(Message(model.status())).find('\n'), std::string::npos);
  }
  EXPECT_GT(refused, 10);
}

}  // namespace
}  // namespace flambeau
