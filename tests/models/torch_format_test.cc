// Files of every kind that torch_files.py writes: what a user's file is answers as it does in
// Python, what it is not is said, and no damage to it ends the process.
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "torch_cases.h"

namespace flambeau {
namespace {

namespace fs = std::filesystem;

std::string FilePath(const std::string& file) {
  return std::string(FLAMBEAU_TORCH_FILES) + "/" + file;
}

const nlohmann::json& Files() {
  static const nlohmann::json files = [] {
    std::ifstream file(FilePath("files.json"));
    return nlohmann::json::parse(file);
  }();
  return files;
}

Result<std::shared_ptr<Model>> Load(const std::string& file, Backend& backend = TorchBackend()) {
  return backend.Load(FilePath(file), LoadOptions{});
}

std::string ReadFile(const std::string& file) {
  std::ifstream stream(FilePath(file), std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

void Write(const std::string& file, const std::string& bytes) {
  std::ofstream(FilePath(file), std::ios::binary)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

void ExpectOneSentence(const Status& status, const std::string& file) {
  const std::string text(Message(status));
  // A damaged size may ask for more memory than there is.
  EXPECT_TRUE(status.code() == StatusCode::kInvalidArgument ||
              status.code() == StatusCode::kResourceExhausted)
      << file << ": " << status;
  EXPECT_EQ(text.find('\n'), std::string::npos) << file << ": " << text;
  EXPECT_EQ(text.find(FLAMBEAU_TORCH_FILES), std::string::npos) << file << ": " << text;
  EXPECT_EQ(text.back(), '.') << file << ": " << text;
}

TEST(TorchFormat, EveryKindOfFileAnswersAsItDoesInPython) {
  ASSERT_GE(Files()["good"].size(), 30u);
  for (const auto& entry : Files()["good"]) {
    const auto model = Load(entry["file"]);
    ASSERT_TRUE(model.ok()) << entry["file"] << ": " << model.status();
    auto instance = (*model)->NewInstance();
    ASSERT_TRUE(instance.ok()) << instance.status();
    const auto results = RunBatch(**instance, 0, {DecodeAll(entry["item"])});
    ASSERT_TRUE(results[0].ok()) << entry["file"] << ": " << results[0].status();
    std::string where;
    EXPECT_TRUE(Equal(*results[0], Decode(entry["expected"]), &where))
        << entry["file"] << ": " << where;
  }
}

TEST(TorchFormat, EveryOtherFileIsRefusedByWhatItIs) {
  for (const auto& entry : Files()["refused"]) {
    const auto model = Load(entry["file"]);
    ASSERT_FALSE(model.ok()) << entry["file"];
    ExpectOneSentence(model.status(), entry["file"]);
    const std::string text(Message(model.status()));
    EXPECT_NE(text.find(entry["says"].get<std::string>()), std::string::npos)
        << entry["file"] << ": " << text;
  }
}

TEST(TorchFormat, NothingOfARefusedFileRuns) {
  ASSERT_EQ(Files()["planted"].size(), 2u);
  for (const auto& file : Files()["planted"]) {
    fs::remove(FilePath("planted"));
    EXPECT_FALSE(Load(file).ok());
    EXPECT_FALSE(fs::exists(FilePath("planted"))) << file;
  }
}

TEST(TorchFormat, AnAllowedOperatorIsTaken) {
  const std::vector<std::string> allowed = {"aten::from_file"};
  const auto log = Log::Silent();
  const std::unique_ptr<Backend> backend = OpenTorchBackend({log.get(), &allowed});
  for (const char* file : {"in_a_second_method.pt", "aliased.pt", "in_a_class.pt"}) {
    const auto model = Load(file, *backend);
    EXPECT_TRUE(model.ok()) << file << ": " << model.status();
    EXPECT_FALSE(Load(file).ok()) << file;
  }
  const std::vector<std::string> another = {"aten::save"};
  EXPECT_FALSE(Load("aliased.pt", *OpenTorchBackend({log.get(), &another})).ok());
}

TEST(TorchFormat, TheManifestInsideIsHandedOver) {
  const auto with = Load("extra.pt");
  ASSERT_TRUE(with.ok()) << with.status();
  EXPECT_EQ((*with)->facts().manifest, R"({"description": "A test."})");
  const auto without = Load("scripted.pt");
  ASSERT_TRUE(without.ok()) << without.status();
  EXPECT_EQ((*without)->facts().manifest, "");
}

TEST(TorchFormat, ATruncationAtAnyByteIsRefused) {
  for (const char* source : {"lite.ptl", "frozen.torchscript"}) {
    const std::string whole = ReadFile(source);
    ASSERT_GT(whole.size(), 2000u);
    Write("cut.pt", whole);
    for (size_t size = whole.size(); size-- > 0;) {
      fs::resize_file(FilePath("cut.pt"), size);
      const auto model = Load("cut.pt");
      ASSERT_FALSE(model.ok()) << source << " cut at " << size;
      ExpectOneSentence(model.status(), source);
    }
  }
}

TEST(TorchFormat, FlippedBitsNeverEndTheProcess) {
  std::mt19937 random(11);
  for (const char* source : {"scripted.pt", "lite.ptl", "quantised_fbgemm.pt"}) {
    const std::string whole = ReadFile(source);
    int refused = 0;
    for (int i = 0; i < 150; ++i) {
      std::string damaged = whole;
      for (int k = i % 3; k >= 0; --k) {
        damaged[random() % damaged.size()] ^= static_cast<char>(1 << random() % 8);
      }
      Write("flipped.pt", damaged);
      const auto model = Load("flipped.pt");
      if (model.ok()) continue;  // padding between records, or a date
      refused += 1;
      ExpectOneSentence(model.status(), source);
    }
    EXPECT_GT(refused, 40) << source;
  }
}

TEST(TorchFormat, ChangedRecordsWithRightChecksumsNeverEndTheProcess) {
  int refused = 0;
  for (const auto& file : Files()["mutated"]) {
    const auto model = Load(file);
    if (model.ok()) continue;
    refused += 1;
    ExpectOneSentence(model.status(), file);
  }
  EXPECT_GT(refused, static_cast<int>(Files()["mutated"].size() / 2));
}

}  // namespace
}  // namespace flambeau
