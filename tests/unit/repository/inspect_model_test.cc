#include "repository/inspect_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "backend/fake/fake_backend.h"
#include "backend/fake/fake_clock.h"

namespace flambeau {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class InspectModelTest : public ::testing::Test {
 protected:
  Result<InspectedModel> Inspect() {
    backend_.Register("m.pt", std::make_shared<FakeModel>(facts_, script_));
    return InspectModel(request_, {&backend_, &clock_, &clock_, log_.get(),
                                   [this](std::string_view step) { steps_.emplace_back(step); }});
  }
  InspectedModel Inspected() {
    auto inspected = Inspect();
    EXPECT_TRUE(inspected.ok()) << inspected.status();
    return *std::move(inspected);
  }
  static std::shared_ptr<const ModelConfig> Declaring(const std::string& name, const Shape& dims) {
    ModelConfig config;
    config.max_batch_size = 8;
    ConfigTensor input;
    input.name = name;
    input.dtype = DType::kFp32;
    input.dims = dims;
    config.inputs = {input};
    return std::make_shared<const ModelConfig>(config);
  }

  Facts facts_ = FakeFacts();
  FakeScript script_;
  FakeBackend backend_;
  SystemClock clock_;
  std::unique_ptr<Log> log_ = Log::Silent();
  InspectionRequest request_{"m", "m.pt", nullptr, "", "cpu", {}};
  std::vector<std::string> steps_;
};

TEST_F(InspectModelTest, TellsResultsAndVerdicts) {
  const InspectedModel inspected = Inspected();
  EXPECT_EQ(inspected.proofs[0].verdict, Verdict::kProven);
  ASSERT_EQ(inspected.inspection.verdicts.size(), 1u);
  EXPECT_EQ(inspected.inspection.verdicts[0].rows, 32);
  ASSERT_EQ(inspected.inspection.results.size(), 1u);
  ASSERT_EQ(inspected.inspection.results[0].size(), 1u);
  const TensorFact& result = inspected.inspection.results[0][0].tensor;
  EXPECT_EQ(result.dtype, DType::kFp32);
  EXPECT_EQ(result.dims, (Shape{-1, 2}));
  EXPECT_EQ(result.dims_source, FactSource::kObserved);
  EXPECT_EQ(inspected.facts.methods[0].results.size(), 1u);
  EXPECT_THAT(steps_,
              ElementsAre("it was loaded", "its method 'forward' ran", "it ran in batches"));
}

TEST_F(InspectModelTest, TheResultsOfAModelThatWritesItsStateAreSeenToo) {
  facts_.writes_state = true;
  const InspectedModel inspected = Inspected();
  EXPECT_EQ(inspected.inspection.results[0].size(), 1u);
  EXPECT_TRUE(inspected.inspection.verdicts.empty());
  EXPECT_EQ(inspected.proofs[0].verdict, Verdict::kRefused);
}

TEST_F(InspectModelTest, WithoutShapesNothingRuns) {
  facts_ = FakeFactsUnknownShape();
  script_.on_probe_run = [](int64_t) { ADD_FAILURE() << "it ran"; };
  EXPECT_TRUE(Inspected().inspection.results[0].empty());
  EXPECT_THAT(steps_, ElementsAre("it was loaded", "it ran in batches"));
}

TEST_F(InspectModelTest, DeclaredShapesAreTried) {
  facts_ = FakeFactsUnknownShape();
  request_.config = Declaring("x", {3});
  const InspectedModel inspected = Inspected();
  ASSERT_EQ(inspected.inspection.results[0].size(), 1u);
  EXPECT_EQ(inspected.inspection.results[0][0].tensor.dims, (Shape{-1, 3}));
  EXPECT_EQ(inspected.inspection.verdicts.at(0).rows, 8) << "as declared";
  request_.config = Declaring("y", {3});
  facts_.methods[0].arguments.push_back(facts_.methods[0].arguments[0]);
  EXPECT_EQ(Inspect().status().code(), StatusCode::kInvalidArgument);
}

TEST_F(InspectModelTest, ShapesOfARequestAreTried) {
  facts_ = FakeFactsUnknownShape();
  request_.seen = {{SeenTensor{DType::kFp32, {-1, 3}}}};
  const InspectedModel inspected = Inspected();
  EXPECT_EQ(inspected.inspection.results[0].at(0).tensor.dims, (Shape{-1, 3}));
  EXPECT_EQ(inspected.proofs[0].verdict, Verdict::kProven);
  EXPECT_EQ(inspected.inspection.seen.at(0).at(0)->dims, (Shape{-1, 3}));
}

TEST_F(InspectModelTest, ShapesByNameAreTried) {
  facts_ = FakeFactsUnknownShape();
  facts_.methods[0].arguments.push_back(FakeFacts(3).methods[0].arguments[0]);
  facts_.methods[0].arguments[1].name = "y";  // of which the file tells enough
  request_.shapes = {{"x", {1, 3}}};
  EXPECT_EQ(Inspected().proofs[0].verdict, Verdict::kProven);
  request_.shapes = {{"z", {1, 3}}};
  EXPECT_EQ(Inspect().status().code(), StatusCode::kInvalidArgument);
  request_.shapes = {{"y", {1, 4}}};
  EXPECT_EQ(Message(Inspect().status()),
            "Input 'y' cannot have the shape [1,4]: the model takes [-1,3], where -1 is any size.");
}

TEST_F(InspectModelTest, WhatStaysAsItServesIsNotProvenAgain) {
  facts_ = FakeFactsUnknownShape();
  request_.seen = {{SeenTensor{DType::kFp32, {-1, 3}}}};
  request_.again = true;
  const InspectedModel inspected = Inspected();
  EXPECT_EQ(inspected.inspection.results[0].size(), 1u);
  EXPECT_TRUE(inspected.inspection.verdicts.empty());
  EXPECT_THAT(steps_, ElementsAre("it was loaded", "its method 'forward' ran"));
}

TEST_F(InspectModelTest, WhatItsAuthorSaysIsTriedToo) {
  facts_ = FakeFactsUnknownShape();
  facts_.manifest = R"({"inputs": [{"name": "inside", "datatype": "FP32", "dims": [-1, 3]}]})";
  EXPECT_EQ(Inspected().inspection.results[0].at(0).tensor.dims, (Shape{-1, 3}));
  request_.manifest = R"({"inputs": [{"name": "beside", "datatype": "FP32", "dims": [-1, 4]}]})";
  const InspectedModel inspected = Inspected();
  EXPECT_EQ(inspected.inspection.results[0].at(0).tensor.dims, (Shape{-1, 4}));
  EXPECT_EQ(inspected.facts.methods[0].arguments[0].name, "beside");
  EXPECT_EQ(inspected.proofs[0].verdict, Verdict::kProven);
  request_.manifest = "[]";
  EXPECT_THAT(std::string(Message(Inspect().status())), HasSubstr("flambeau.json: "));
}

TEST_F(InspectModelTest, NoMemoryForOneRowIsAnError) {
  script_.memory_rows = 0;
  const Status status = Inspect().status();
  EXPECT_EQ(status.code(), StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(Message(status)), HasSubstr("'forward'"));
}

TEST_F(InspectModelTest, ARowThatFailsIsANote) {
  script_.fail = [](const FakeBatch&) { return InvalidArgument("x must be positive"); };
  const InspectedModel inspected = Inspected();
  EXPECT_THAT(inspected.inspection.notes, ElementsAre(HasSubstr("x must be positive")));
}

// The fake backend knows no optimisations: every load is the same model.
TEST_F(InspectModelTest, OptimizationsAreTriedIfTheyMayBe) {
  EXPECT_THAT(Inspected().inspection.notes, IsEmpty());
  request_.optimizations.Add(Optimization::kFreeze);
  EXPECT_THAT(Inspected().inspection.notes,
              ElementsAre("freeze is not used: it finds nothing to do in this model"));
  EXPECT_THAT(steps_, Contains("optimisations of it were tried"));
  ModelConfig config;
  config.parameters["DISABLE_OPTIMIZED_EXECUTION"] = "true";
  request_.config = std::make_shared<const ModelConfig>(config);
  EXPECT_THAT(Inspected().inspection.notes, ElementsAre(HasSubstr("DISABLE_OPTIMIZED_EXECUTION")));
}

class TuneModelTest : public InspectModelTest {
 protected:
  TuneModelTest() {
    request_.tuning = {true, true, true, 1};
    request_.scheduler.max_batch_size = 8;
    // The larger the batch, the higher the rate.
    script_.on_run = [this](int64_t) { fake_clock_.Advance(std::chrono::milliseconds(1)); };
  }
  InspectedModel Tune() {
    backend_.Register("m.pt", std::make_shared<FakeModel>(facts_, script_));
    auto inspected =
        InspectModel(request_, {&backend_, &fake_clock_, &fake_clock_, log_.get(), nullptr});
    EXPECT_TRUE(inspected.ok()) << inspected.status();
    return *std::move(inspected);
  }

  FakeClock fake_clock_;  // stands still but for runs of instances
};

TEST_F(TuneModelTest, WhatRunsBestIsChosenAndProven) {
  request_.scheduler.max_batch_size = 32;
  script_.on_run = [this](int64_t rows) {
    fake_clock_.Advance(std::chrono::milliseconds(std::max<int64_t>(rows, 4)));
  };
  const InspectedModel inspected = Tune();
  EXPECT_EQ(inspected.inspection.tuned.instances, 1);
  EXPECT_EQ(inspected.inspection.tuned.threads, 1);
  EXPECT_EQ(inspected.inspection.tuned.max_batch_size, 4) << "more rows gain nothing";
  EXPECT_EQ(inspected.inspection.verdicts.at(0).rows, 4) << "nor are they served";
  EXPECT_EQ(inspected.curves.size(), 1u);
  EXPECT_THAT(inspected.facts.notes, ElementsAre(HasSubstr("tuned: 1 x 1")));
}

TEST_F(TuneModelTest, WhatIsDeclaredStays) {
  request_.config = Declaring("x", {2});
  const InspectedModel inspected = Tune();
  EXPECT_EQ(inspected.inspection.tuned.max_batch_size, 0);
  EXPECT_EQ(inspected.inspection.tuned.instances, 1);
}

// The static gate lets its rows be merged, the proof does not.
TEST_F(TuneModelTest, AModelThatMixesRowsIsTunedForSingleOnes) {
  script_.effect = [](FakeBatch& batch) {
    double sum = 0;
    for (const double y : batch.in) sum += y;
    for (double& y : batch.out) y += sum;
  };
  const InspectedModel inspected = Tune();
  EXPECT_EQ(inspected.proofs[0].verdict, Verdict::kRefused);
  EXPECT_EQ(inspected.inspection.tuned.max_batch_size, 0);
  EXPECT_THAT(inspected.inspection.tuned.summary, HasSubstr("in batches of 1;"));
}

TEST_F(TuneModelTest, WhyNothingIsTunedIsTold) {
  facts_ = FakeFactsUnknownShape();
  EXPECT_THAT(Tune().inspection.notes, ElementsAre(HasSubstr("nothing is tuned: the shapes")));
  facts_ = FakeFacts();
  script_.fail = [](const FakeBatch&) { return InvalidArgument("x must be positive"); };
  EXPECT_THAT(Tune().inspection.notes, Contains(HasSubstr("nothing is tuned: it answers no row")));
}

TEST_F(InspectModelTest, AFileThatDoesNotLoadIsTheBackendsError) {
  request_.file = "other.pt";
  EXPECT_EQ(Inspect().status().code(), StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace flambeau
