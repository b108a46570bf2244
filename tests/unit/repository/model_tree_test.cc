#include "repository/model_tree.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "repository/temp_directory.h"

namespace flambeau {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Key;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

TEST(ModelTreeTest, HoldsEveryFileOfAModelButHiddenOnes) {
  const TempDirectory directory;
  directory.Write("a.pt", "123");
  directory.Write("b/config.pbtxt");
  directory.Write("b/2/model.pt");
  directory.Write("b/2/.model.pt.x7Ga1");  // what rsync has not renamed yet
  directory.Write("notes.txt");
  const Result<ModelTree> tree = ReadModelTree(directory.path());
  ASSERT_TRUE(tree.ok()) << tree.status();
  EXPECT_THAT(tree->models,
              ElementsAre(Pair("a", ElementsAre(Key(directory / "a.pt"))),
                          Pair("b", UnorderedElementsAre(Key(directory / "b"),
                                                         Key(directory / "b/config.pbtxt"),
                                                         Key(directory / "b/2/model.pt")))));
  EXPECT_EQ(tree->models.at("a").at(directory / "a.pt").size, 3u);
  EXPECT_THAT(tree->directories,
              UnorderedElementsAre(directory.path(), directory / "b", directory / "b/2"));
}

TEST(ModelTreeTest, AFileThatIsReplacedDiffers) {
  const TempDirectory directory;
  const std::string file = directory.Write("a.pt", "123");
  const ModelTree before = *ReadModelTree(directory.path());
  EXPECT_EQ(ReadModelTree(directory.path())->models, before.models);
  const auto time = std::filesystem::last_write_time(file);
  std::filesystem::rename(directory.Write("new", "456"), file);
  std::filesystem::last_write_time(file, time);
  EXPECT_NE(ReadModelTree(directory.path())->models, before.models);
}

TEST(ModelTreeTest, OneFileAndItsDirectory) {
  const TempDirectory directory;
  const std::string file = directory.Write("a.pt");
  directory.Write("b.pt");
  const Result<ModelTree> tree = ReadModelTree(file);
  ASSERT_TRUE(tree.ok());
  EXPECT_THAT(tree->models, ElementsAre(Pair("a", ElementsAre(Key(file)))));
  EXPECT_THAT(tree->directories, ElementsAre(directory.path()));
  std::filesystem::remove(file);
  EXPECT_THAT(ReadModelTree(file)->models, IsEmpty());
}

TEST(ModelTreeTest, ADirectoryThatIsGoneTellsNothing) {
  const TempDirectory directory;
  EXPECT_EQ(ReadModelTree(directory / "gone").status().code(), StatusCode::kUnavailable);
}

TEST(ModelTreeTest, AnArchiveIsIncompleteUntilItsEndIsThere) {
  const TempDirectory directory;
  const std::string begin("PK\x03\x04", 4);
  const std::string end = std::string("PK\x05\x06", 4) + std::string(18, '\0');
  EXPECT_TRUE(IsIncomplete(directory.Write("empty.pt")));
  EXPECT_TRUE(IsIncomplete(directory.Write("half.pt", begin + std::string(200000, 'x'))));
  EXPECT_FALSE(IsIncomplete(directory.Write("whole.pt", begin + std::string(200000, 'x') + end)));
  EXPECT_FALSE(IsIncomplete(directory.Write("comment.pt", begin + end + std::string(65000, 'c'))));
  EXPECT_FALSE(IsIncomplete(directory.Write("text.pt", "no archive")));
  EXPECT_FALSE(IsIncomplete(directory / "gone.pt"));
  EXPECT_FALSE(IsIncomplete(directory.path()));
}

}  // namespace
}  // namespace flambeau
