#include "base/sentence.h"

#include <gtest/gtest.h>

namespace flambeau {
namespace {

TEST(AsSentence, AddsCapitalAndStop) {
  EXPECT_EQ(AsSentence("the body is empty"), "The body is empty.");
  EXPECT_EQ(AsSentence("input 'x' has no data: send some"), "Input 'x' has no data: send some.");
  EXPECT_EQ(AsSentence("the call's deadline passed"), "The call's deadline passed.");
  EXPECT_EQ(AsSentence("client's fault"), "Client's fault.");
  EXPECT_EQ(AsSentence("inputs, all of them"), "Inputs, all of them.");
  EXPECT_EQ(AsSentence(R"(send {"input": [1]})"), R"(Send {"input": [1]}.)");
}

TEST(AsSentence, LeavesASentenceAlone) {
  for (const auto* sentence : {"Input 'x' is missing.", "What now?", "", "'x' is no input.",
                               "7 bytes are missing.", "raw"}) {
    const std::string once = AsSentence(sentence);
    EXPECT_EQ(AsSentence(once), once);
  }
  EXPECT_EQ(AsSentence("Input 'x' is missing."), "Input 'x' is missing.");
  EXPECT_EQ(AsSentence("'x' is no input."), "'x' is no input.");
  EXPECT_EQ(AsSentence("cut off..."), "Cut off...");
  EXPECT_EQ(AsSentence(""), "");
}

TEST(AsSentence, DoesNotChangeNames) {
  EXPECT_EQ(AsSentence("inputs[0].shape must be an array"),
            "The field inputs[0].shape must be an array.");
  EXPECT_EQ(AsSentence("raw_input_contents has 2 entries"),
            "The field raw_input_contents has 2 entries.");
  EXPECT_EQ(AsSentence("parameters.timeout is -1: it must be 0 or more"),
            "The field parameters.timeout is -1: it must be 0 or more.");
  EXPECT_EQ(AsSentence("name is 'x'"), "Name is 'x'.");
  EXPECT_EQ(AsSentence("\xc3\xa9t\xc3\xa9 is no model"), "\xc3\xa9t\xc3\xa9 is no model.");
}

TEST(Quote, PutsTextIntoMarks) {
  EXPECT_EQ(Quote("x"), "'x'");
  EXPECT_EQ(Quote(""), "''");
}

TEST(Printable, ReplacesWhatIsNotAndCutsWhatIsLong) {
  EXPECT_EQ(Printable("net.py", 6), "net.py");
  EXPECT_EQ(Printable("net.pyc", 6), "net.py...");
  EXPECT_EQ(Printable("a\nb\x7f\xc3\xa9 ~", 20), "a?b??? ~");
}

}  // namespace
}  // namespace flambeau
