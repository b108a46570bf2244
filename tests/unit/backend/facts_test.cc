#include "backend/facts.h"

#include <gtest/gtest.h>

namespace flambeau {
namespace {

TEST(FactsTest, NamesAreThoseOfTheDocuments) {
  EXPECT_EQ(Name(FactSource::kDeclared), "declared");
  EXPECT_EQ(Name(FactSource::kObserved), "observed");
  EXPECT_EQ(Name(Verdict::kProven), "proven");
  EXPECT_EQ(Name(Verdict::kRefused), "refused");
  EXPECT_EQ(Name(Verdict::kUnproven), "unproven");
  EXPECT_EQ(Name(ValueKind::kString), "str");
  EXPECT_EQ(Name(ValueKind::kList), "list");
  EXPECT_EQ(Name(ValueKind::kDict), "dict");
  EXPECT_EQ(Name(ValueKind::kTuple), "tuple");
  EXPECT_EQ(Name(ValueKind::kOther), "other");
}

TEST(FactsTest, NothingIsProvenByDefault) {
  EXPECT_EQ(Proof{}.verdict, Verdict::kUnproven);
  EXPECT_EQ(MethodFacts{}.static_proof.verdict, Verdict::kUnproven);
}

}  // namespace
}  // namespace flambeau
