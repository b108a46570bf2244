#include "base/status.h"

#include <gtest/gtest.h>

#include <memory>

namespace flambeau {
namespace {

Result<int> Half(int number) {
  if (number % 2 != 0) return InvalidArgument("number must be even; send 2");
  return number / 2;
}

Result<int> Quarter(int number) {
  FLAMBEAU_ASSIGN_OR_RETURN(const int half, Half(number));
  return Half(half);
}

Status Check(int number) {
  FLAMBEAU_RETURN_IF_ERROR(Half(number).status());
  return OkStatus();
}

Result<std::unique_ptr<int>> Owned(bool good) {
  if (!good) return Unavailable("not now");
  return std::make_unique<int>(5);
}

Result<int> Dereferenced(bool good) {
  FLAMBEAU_ASSIGN_OR_RETURN(const std::unique_ptr<int> owned, Owned(good));
  return *owned;
}

TEST(StatusTest, AssignOrReturnPassesValuesAndErrorsOn) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_EQ(Quarter(6).status(), InvalidArgument("number must be even; send 2"));
  EXPECT_EQ(Quarter(1).status().code(), StatusCode::kInvalidArgument);
}

TEST(StatusTest, AssignOrReturnMovesWhatCannotBeCopied) {
  EXPECT_EQ(*Dereferenced(true), 5);
  EXPECT_EQ(Dereferenced(false).status().code(), StatusCode::kUnavailable);
}

TEST(StatusTest, ReturnIfErrorReturnsOnlyErrors) {
  EXPECT_EQ(Check(2), OkStatus());
  EXPECT_EQ(Message(Check(3)), "number must be even; send 2");
}

TEST(StatusTest, EachKindHasItsCode) {
  EXPECT_EQ(NotFound("").code(), StatusCode::kNotFound);
  EXPECT_EQ(Internal("").code(), StatusCode::kInternal);
  EXPECT_EQ(Unimplemented("").code(), StatusCode::kUnimplemented);
  EXPECT_EQ(FailedPrecondition("").code(), StatusCode::kFailedPrecondition);
  EXPECT_EQ(ResourceExhausted("").code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(DeadlineExceeded("").code(), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(Cancelled("").code(), StatusCode::kCancelled);
}

}  // namespace
}  // namespace flambeau
