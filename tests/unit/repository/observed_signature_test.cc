#include "repository/observed_signature.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "base/thread.h"

namespace flambeau {
namespace {

Tensor Make(DType dtype, const Shape& shape) { return *Tensor::Allocate(dtype, shape); }

MethodFacts OneTensor(TensorFact fact = {}) {
  MethodFacts facts;
  facts.name = "forward";
  facts.arguments.push_back(
      {"x", "Tensor", ValueKind::kTensor, {}, false, false, "", std::move(fact)});
  return facts;
}

void Observe(ObservedSignature* signature, Tensor argument, const Value& result) {
  std::vector<Value> arguments(1);
  arguments[0].data = std::move(argument);
  signature->Observe(arguments, result);
}

TEST(ObservedSignatureTest, LearnsWhatWasUnknown) {
  ObservedSignature signature(OneTensor());
  Observe(&signature, Make(DType::kFp32, {4, 8}), Value{Make(DType::kFp64, {4, 2})});
  const auto facts = signature.snapshot();
  const TensorFact& x = facts->arguments[0].tensor;
  EXPECT_EQ(x.dtype, DType::kFp32);
  EXPECT_EQ(x.dtype_source, FactSource::kObserved);
  EXPECT_EQ(x.dims, Shape({-1, 8}));
  EXPECT_EQ(x.dims_source, FactSource::kObserved);
  ASSERT_EQ(facts->results.size(), 1u);
  EXPECT_EQ(facts->results[0].name, "output");
  EXPECT_EQ(facts->results[0].tensor.dtype, DType::kFp64);
  EXPECT_EQ(facts->results[0].tensor.dims, Shape({-1, 2}));
}

TEST(ObservedSignatureTest, ADimensionThatVariesIsWidenedForGood) {
  ObservedSignature signature(OneTensor());
  Observe(&signature, Make(DType::kFp32, {1, 3, 8}), Value{Make(DType::kFp32, {1})});
  Observe(&signature, Make(DType::kFp32, {1, 3, 9}), Value{Make(DType::kFp32, {1})});
  EXPECT_EQ(signature.snapshot()->arguments[0].tensor.dims, Shape({-1, 3, -1}));
  Observe(&signature, Make(DType::kFp32, {1, 3, 8}), Value{Make(DType::kFp32, {1})});
  EXPECT_EQ(signature.snapshot()->arguments[0].tensor.dims, Shape({-1, 3, -1}));
}

TEST(ObservedSignatureTest, ARankThatVariesIsShownAsUnknown) {
  ObservedSignature signature(OneTensor());
  for (const Shape& shape : {Shape{1, 3}, Shape{1, 3, 9}, Shape{1, 3}}) {
    Observe(&signature, Make(DType::kFp32, shape), Value{Make(DType::kFp32, {1})});
  }
  const auto facts = signature.snapshot();
  EXPECT_FALSE(facts->arguments[0].tensor.dims.has_value());
  EXPECT_EQ(facts->arguments[0].tensor.dims_source, FactSource::kObserved);
}

TEST(ObservedSignatureTest, GraphAndDeclaredFactsStay) {
  TensorFact fact;
  fact.dtype = DType::kFp32;
  fact.dtype_source = FactSource::kGraph;
  fact.dims = Shape{-1, -1};
  fact.dims_source = FactSource::kDeclared;
  ObservedSignature signature(OneTensor(fact));
  Observe(&signature, Make(DType::kInt64, {2, 3}), Value{Make(DType::kFp32, {2})});
  const TensorFact x = signature.snapshot()->arguments[0].tensor;
  EXPECT_EQ(x.dtype, DType::kFp32);
  EXPECT_EQ(x.dtype_source, FactSource::kGraph);
  EXPECT_EQ(x.dims, Shape({-1, -1}));
}

TEST(ObservedSignatureTest, AFloatReplacesAnIntegerButNotTheOtherWay) {
  ObservedSignature signature(OneTensor());
  const Value result{Make(DType::kFp32, {1})};
  Observe(&signature, Make(DType::kInt64, {1, 2}), result);
  EXPECT_EQ(signature.snapshot()->arguments[0].tensor.dtype, DType::kInt64);
  Observe(&signature, Make(DType::kFp32, {1, 2}), result);
  EXPECT_EQ(signature.snapshot()->arguments[0].tensor.dtype, DType::kFp32);
  Observe(&signature, Make(DType::kInt64, {1, 2}), result);
  EXPECT_EQ(signature.snapshot()->arguments[0].tensor.dtype, DType::kFp32);
}

TEST(ObservedSignatureTest, NothingNewMakesNoNewSnapshot) {
  ObservedSignature signature(OneTensor());
  Observe(&signature, Make(DType::kFp32, {4, 8}), Value{Make(DType::kFp32, {4, 2})});
  const auto before = signature.snapshot();
  Observe(&signature, Make(DType::kFp32, {1, 8}), Value{Make(DType::kFp32, {1, 2})});
  EXPECT_EQ(signature.snapshot(), before);
}

TEST(ObservedSignatureTest, ATupleOfTensorsAndScalarsIsNamedAsFlattened) {
  ObservedSignature signature(OneTensor());
  ValueTuple tuple;
  tuple.items.push_back(Value{Make(DType::kFp32, {2, 5})});
  tuple.items.push_back(Value{int64_t{7}});
  const Value result{tuple};
  Observe(&signature, Make(DType::kFp32, {2}), result);
  const auto facts = signature.snapshot();
  ASSERT_EQ(facts->results.size(), 2u);
  EXPECT_EQ(facts->results[0].name, "result[0]");
  EXPECT_EQ(facts->results[1].name, "result[1]");
  EXPECT_EQ(facts->results[1].tensor.dtype, DType::kInt64);
  Observe(&signature, Make(DType::kFp32, {2}), result);
  EXPECT_EQ(signature.snapshot(), facts);
}

TEST(ObservedSignatureTest, ResultsWhoseNamesVaryStayAsFirstSeen) {
  ObservedSignature signature(OneTensor());
  ValueDict first;
  first.items.push_back({"a", Value{Make(DType::kFp32, {1})}});
  ValueDict second;
  second.items.push_back({"b", Value{Make(DType::kFp32, {1})}});
  second.items.push_back({"c", Value{Make(DType::kFp32, {1})}});
  Observe(&signature, Make(DType::kFp32, {1}), Value{first});
  Observe(&signature, Make(DType::kFp32, {1}), Value{second});
  const auto facts = signature.snapshot();
  ASSERT_EQ(facts->results.size(), 1u);
  EXPECT_EQ(facts->results[0].name, "result.a");
}

TEST(ObservedSignatureTest, TheFirstVerdictNeverReplacesALaterOne) {
  ObservedSignature signature(OneTensor());
  signature.SetProof({Verdict::kProven, ""}, /*first=*/false);
  signature.SetProof({Verdict::kUnproven, "not yet tried"}, /*first=*/true);
  EXPECT_EQ(signature.snapshot()->static_proof.verdict, Verdict::kProven);
  signature.SetProof({Verdict::kRefused, "rows mix"}, /*first=*/false);
  EXPECT_EQ(signature.snapshot()->static_proof.verdict, Verdict::kRefused);
}

TEST(ObservedSignatureTest, ManyThreadsAgree) {
  ObservedSignature signature(OneTensor());
  {
    std::vector<Thread> threads;
    threads.reserve(4);
    for (int64_t i = 0; i < 4; ++i) {
      threads.emplace_back("observe", [&signature, i] {
        for (int64_t j = 0; j < 50; ++j) {
          Observe(&signature, Make(DType::kFp32, {j, i + 1, 3}), Value{Make(DType::kFp32, {j})});
        }
      });
    }
  }
  EXPECT_EQ(signature.snapshot()->arguments[0].tensor.dims, Shape({-1, -1, 3}));
}

}  // namespace
}  // namespace flambeau
