// The corpus, scored: no claim is wrong, nothing that mixes rows is proven, and most of what could
// be known or proven is. FLAMBEAU_SCORES names a file for the scores, which ./dev models-report
// turns into docs/models.md.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "model_scores.h"

namespace flambeau {
namespace {

Tally Sum(Tally ModelScore::*part) {
  Tally sum;
  for (const ModelScore& score : ModelScores()) {
    if (score.group != "corpus") continue;
    sum.known += (score.*part).known;
    sum.right += (score.*part).right;
    sum.wrong += (score.*part).wrong;
  }
  return sum;
}

int Proven(const std::string& group) {
  int proven = 0;
  for (const ModelScore& score : ModelScores()) {
    if (score.group == group && score.batchable && score.proven()) ++proven;
  }
  return proven;
}

TEST(ModelScore, IsWrittenForTheReport) {
  const char* path = std::getenv("FLAMBEAU_SCORES");
  if (path == nullptr) GTEST_SKIP() << "FLAMBEAU_SCORES is not set";
  nlohmann::json all = nlohmann::json::array();
  for (const ModelScore& score : ModelScores()) all.push_back(ToJson(score));
  std::ofstream(path) << all.dump(1) << "\n";
}

TEST(ModelScore, NoClaimIsWrong) {
  for (const ModelScore& score : ModelScores()) {
    for (const std::string& fault : score.faults) ADD_FAILURE() << score.name << ": " << fault;
  }
}

TEST(ModelScore, MostOfTheSignaturesIsKnown) {
  EXPECT_EQ(Sum(&ModelScore::names).right, Sum(&ModelScore::names).known);
  EXPECT_GE(Sum(&ModelScore::names).known, 54);
  const Tally dtypes = Sum(&ModelScore::dtypes);
  const Tally dims = Sum(&ModelScore::dims);
  EXPECT_EQ(dtypes.wrong + dims.wrong, 0);
  EXPECT_GE(dtypes.right, 49) << "of " << dtypes.known;
  EXPECT_GE(dims.right, 50) << "of " << dims.known;
}

TEST(ModelScore, NothingThatMixesRowsIsProven) {
  int mixing = 0;
  for (const ModelScore& score : ModelScores()) {
    if (score.batchable) continue;
    ++mixing;
    EXPECT_FALSE(score.proven()) << score.name;
    EXPECT_FALSE(score.reason().empty()) << score.name;
  }
  EXPECT_GE(mixing, 70);
}

TEST(ModelScore, TheDynamicGateAloneLetsFewThrough) {
  std::vector<std::string> through;
  for (const ModelScore& score : ModelScores()) {
    if (score.group != "adversarial") continue;
    if (score.dynamic_proof.verdict == Verdict::kProven) through.push_back(score.name);
  }
  // It tries no batch of seven, and rows of equal lengths are packed alike.
  EXPECT_EQ(through, (std::vector<std::string>{"at_seven_rows", "packed_sequences"}));
}

TEST(ModelScore, MostThatCouldBeProvenIs) {
  EXPECT_GE(Proven("corpus"), 35);
  EXPECT_GE(Proven("sound"), 29);
}

}  // namespace
}  // namespace flambeau
