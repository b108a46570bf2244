#include "wire/golden_examples.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "backend/fake/fake_clock.h"
#include "doubles/echo_repository.h"
#include "wire/compare_answer.h"

namespace flambeau {
namespace {

using ::testing::HasSubstr;

// A model that answers with its argument.
std::string Check(const std::string& examples, Servable& servable) {
  FakeClock clock;
  const Status status = CheckGoldenExamples({examples, "examples.json"}, servable, clock,
                                            clock.Now() + std::chrono::seconds(1));
  return status.ok() ? "passed" : std::string(Message(status));
}
std::string Check(const std::string& examples) {
  EchoServable echo("echo", {"x"});
  return Check(examples, echo);
}

TEST(GoldenExamplesTest, EqualAnswersPass) {
  EXPECT_EQ(Check("[]"), "passed");
  EXPECT_EQ(Check(R"([{"request": {"input": [[1.5, -2]]}, "response": {"output": [[1.5, -2.0]]}},
                      {"method": "forward", "tolerance": 0,
                       "request": {"input": [7]}, "response": {"output": [7], "id": "a"}}])"),
            "passed");
}

TEST(GoldenExamplesTest, ADifferenceNamesExamplePlaceAndBothNumbers) {
  EXPECT_EQ(Check(R"([{"request": {"input": [1]}, "response": {"output": [1]}},
                      {"request": {"input": [[1.5, 2], [3, 4.5]]},
                       "response": {"output": [[1.5, 2], [3, 4.75]]}}])"),
            "examples.json: example 2 does not match: output[1][1] is 4.5 and should be 4.75.");
  EXPECT_EQ(Check(R"([{"request": {"input": [[1, 2]]}, "response": {"output": [1, 2]}}])"),
            "examples.json: example 1 does not match: output is of shape [1,2] and should be [2].");
  EXPECT_EQ(
      Check(R"([{"request": {"input": ["a", "b"]}, "response": {"output": ["a", "c"]}}])"),
      "examples.json: example 1 does not match: output[1] is another text than it should be.");
}

TEST(GoldenExamplesTest, AFailedRunFailsTheExample) {
  EchoServable echo("echo", {"x"});
  echo.scheduler().FailWith(InvalidArgument("The model is sad."));
  EXPECT_EQ(Check(R"([{"request": {"input": [1]}, "response": {"output": [1]}}])", echo),
            "examples.json: example 1 failed: The model is sad.");
}

TEST(GoldenExamplesTest, MistakesAreNamed) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"{}", "it must be a list of examples"},
      {"[1]", "[0] must be"},
      {R"([{"request": {"input": [1]}}])", "must have a request and a response"},
      {R"([{"request": [1], "response": {}}])", "an object, as /predict has it"},
      {R"([{"request": {}, "response": {}, "tol": 1}])", "is not known"},
      {R"([{"request": {"input": [1]}, "response": {"output": [1]}, "tolerance": -1}])",
       "negative"},
      {R"([{"request": {"inpt": [1]}, "response": {"output": [1]}}])", "example 1 failed: "},
      {R"([{"request": {"inputs": {"z": [1]}}, "response": {"output": [1]}}])",
       "example 1 failed: "},
      {R"([{"method": "other", "request": {}, "response": {}}])", "has no method 'other'"},
      {R"([{"request": {"input": [1]}, "response": {"outptu": [1]}}])", "has a wrong response"},
      {R"([{"request": {"input": [1]}, "response": {"output": "a"}}])", "has a wrong response"},
  };
  for (const auto& [text, says] : cases) {
    const std::string error = Check(text);
    EXPECT_THAT(error, HasSubstr(says)) << text;
    EXPECT_EQ(error.find("examples.json: "), 0u) << error;
    EXPECT_EQ(error.back(), '.') << error;
  }
}

TEST(GoldenExamplesTest, NoneIsAskedAfterTheDeadline) {
  EchoServable echo("echo", {"x"});
  FakeClock clock;
  const Status status = CheckGoldenExamples(
      {R"([{"request": {"input": [1]}, "response": {"output": [1]}}])", "examples.json"}, echo,
      clock, clock.Now());
  EXPECT_EQ(status.code(), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(echo.scheduler().submitted(), 0u);
}

Tensor Filled(DType dtype, double number) {
  Tensor tensor = *Tensor::Allocate(dtype, {1});
  if (dtype == DType::kFp32) {
    const auto value = static_cast<float>(number);
    std::memcpy(tensor.mutable_data(), &value, sizeof(value));
  } else {
    std::memcpy(tensor.mutable_data(), &number, sizeof(number));
  }
  return tensor;
}

std::string Compare(const Value& answer, std::string response,
                    std::optional<double> tolerance = std::nullopt) {
  const size_t size = response.size();
  response.resize(size + kJsonPadding);
  const auto difference =
      CompareAnswer(answer, {std::string_view(response).substr(0, size)}, tolerance);
  if (!difference.ok()) return "error: " + std::string(Message(difference.status()));
  return difference->value_or("same");
}

TEST(CompareAnswerTest, FloatsMayDifferByTheirDatatype) {
  const Value single{Filled(DType::kFp32, 100.0)};
  EXPECT_EQ(Compare(single, R"({"output": [100.009]})"), "same");
  EXPECT_EQ(Compare(single, R"({"output": [100.02]})"), "output[0] is 100 and should be 100.02");
  EXPECT_EQ(Compare(single, R"({"output": [100.02]})", 1e-2), "same");
  EXPECT_EQ(Compare(single, R"({"output": [100.009]})", 0.0),
            "output[0] is 100 and should be 100.009");
  const Value tiny{Filled(DType::kFp32, 0.0)};
  EXPECT_EQ(Compare(tiny, R"({"output": [9e-6]})"), "same");
  EXPECT_EQ(Compare(tiny, R"({"output": [2e-5]})"), "output[0] is 0 and should be 2e-05");
  const Value wide{Filled(DType::kFp64, 100.0)};
  EXPECT_EQ(Compare(wide, R"({"output": [100.00005]})"), "same");
  EXPECT_EQ(Compare(wide, R"({"output": [100.001]})"), "output[0] is 100 and should be 100.001");
}

TEST(CompareAnswerTest, TreesAreComparedByTheirNames) {
  ValueDict dict;
  dict.items.push_back({"scores", Value{Filled(DType::kFp32, 1.0)}});
  dict.items.push_back({"count", Value{int64_t{3}}});
  dict.items.push_back({"list", Value{ValueList{{Value{true}, Value{}, Value{std::string("a")}}}}});
  const Value answer{dict};
  EXPECT_EQ(
      Compare(answer, R"({"outputs": {"count": 3, "list": [true, null, "a"], "scores": [1]}})"),
      "same");
  EXPECT_EQ(
      Compare(answer, R"({"outputs": {"count": 4, "list": [true, null, "a"], "scores": [1]}})"),
      "outputs.count is 3 and should be 4");
  EXPECT_EQ(Compare(answer, R"({"outputs": {"count": 3, "list": [true, 1, "a"], "scores": [1]}})"),
            "outputs.list[1] is null and should not be");
  EXPECT_EQ(Compare(answer, R"({"outputs": {"count": 3, "list": [true, null], "scores": [1]}})"),
            "outputs.list has 3 elements and should have fewer");
  EXPECT_EQ(Compare(answer, R"({"outputs": {"count": 3, "scores": [1]}})"),
            "outputs has 3 elements and should have fewer");
  EXPECT_EQ(Compare(answer, R"({"outputs": {"boxes": 3}})"), "outputs.boxes is missing");
}

}  // namespace
}  // namespace flambeau
