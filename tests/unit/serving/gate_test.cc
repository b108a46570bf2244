#include "serving/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <string>
#include <utility>

#include "backend/fake/fake_clock.h"
#include "base/thread.h"
#include "serving/recording_log.h"

namespace flambeau {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using ::testing::HasSubstr;

class GateTest : public ::testing::Test {
 protected:
  Gate::Options SmallOptions() {
    Gate::Options options;
    options.request_timeout = milliseconds(100);
    options.max_in_flight = 2;
    return options;
  }

  FakeClock clock_;
  RecordingLog log_;
  std::unique_ptr<Metrics> metrics_ = Metrics::Create();
  Gate gate_{SmallOptions(), &clock_, &log_, metrics_.get()};
};

TEST_F(GateTest, KeepsAGoodIdAndReplacesABadOne) {
  RequestContext good;
  good.request_id = "trace-1.A_z";
  EXPECT_EQ(gate_.Admit(good)->request_id(), "trace-1.A_z");
  for (const std::string& bad : {std::string("a b"), std::string(129, 'a'), std::string("a\nb"),
                                 std::string("\xc3\xa9"), std::string()}) {
    RequestContext context;
    context.request_id = bad;
    const std::string made = gate_.Admit(context)->request_id();
    EXPECT_NE(made, bad);
    EXPECT_TRUE(IsRequestId(made)) << made;
  }
}

TEST_F(GateTest, MadeIdsDiffer) {
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) ids.insert(gate_.Admit({})->request_id());
  EXPECT_EQ(ids.size(), 1000u);
}

TEST_F(GateTest, RefusesMoreThanItsBoundUntilOneEnds) {
  auto first = gate_.Admit({});
  auto second = gate_.Admit({});
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(gate_.Admit({}).status().code(), StatusCode::kResourceExhausted);
  EXPECT_EQ(gate_.in_flight(), 2u);
  first->Finish(OkStatus());
  EXPECT_TRUE(gate_.Admit({}).ok());
}

TEST_F(GateTest, RefusesWhileDraining) {
  auto before = gate_.Admit({});
  gate_.BeginDrain();
  EXPECT_EQ(gate_.Admit({}).status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(gate_.in_flight(), 1u);
  EXPECT_THAT(
      metrics_->Expose(),
      HasSubstr(
          R"(flambeau_requests_total{model="",protocol="http",status="UNAVAILABLE",version=""} 1)"));
}

TEST_F(GateTest, TheEarliestDeadlineHolds) {
  const TimePoint now = clock_.Now();
  EXPECT_EQ(gate_.Admit({})->deadline(), now + milliseconds(100));
  RequestContext context;
  context.timeout_us = 30000;
  auto ticket = gate_.Admit(context);
  EXPECT_EQ(ticket->deadline(), now + milliseconds(30));
  ticket->Tighten(50000);
  EXPECT_EQ(ticket->deadline(), now + milliseconds(30));
  ticket->Tighten(10000);
  EXPECT_EQ(ticket->deadline(), now + milliseconds(10));
  RequestContext huge;
  huge.timeout_us = INT64_MAX;
  EXPECT_EQ(gate_.Admit(huge)->deadline(), now + milliseconds(100));
}

TEST_F(GateTest, CountsARequestOnceUnderItsModel) {
  auto model = metrics_->ForModel("m", "3");
  auto ticket = gate_.Admit({});
  ticket->SetModel("m", 3, model);
  EXPECT_THAT(metrics_->Expose(),
              HasSubstr(R"(flambeau_model_in_flight{model="m",version="3"} 1)"));
  clock_.Advance(microseconds(250));
  ticket->Finish(InvalidArgument("bad"));
  ticket->Finish(OkStatus());
  const std::string text = metrics_->Expose();
  EXPECT_THAT(
      text,
      HasSubstr(
          R"(flambeau_requests_total{model="m",protocol="http",status="INVALID_ARGUMENT",version="3"} 1)"));
  EXPECT_THAT(
      text,
      HasSubstr(R"(flambeau_requests_total{model="m",protocol="http",status="OK",version="3"} 0)"));
  EXPECT_THAT(text, HasSubstr(R"(flambeau_model_in_flight{model="m",version="3"} 0)"));
  EXPECT_THAT(text, HasSubstr("flambeau_in_flight 0"));
}

TEST_F(GateTest, LogsOneLinePerRequest) {
  RequestContext context;
  context.request_id = "abc";
  context.route = "predict";
  context.protocol = Protocol::kGrpc;
  auto ticket = gate_.Admit(context);
  ticket->SetModel("m", 3, nullptr);
  clock_.Advance(microseconds(250));
  ticket->Finish(OkStatus());
  ASSERT_EQ(log_.lines().size(), 1u);
  EXPECT_THAT(log_.lines()[0], HasSubstr("request request_id=abc protocol=grpc"));
  EXPECT_THAT(log_.lines()[0], HasSubstr("route=predict model=m version=3 status=OK"));
  EXPECT_THAT(log_.lines()[0], HasSubstr("us=250"));
}

TEST_F(GateTest, ADroppedTicketCountsAsCancelled) {
  { const auto dropped = gate_.Admit({}); }
  EXPECT_EQ(gate_.in_flight(), 0u);
  EXPECT_THAT(metrics_->Expose(), HasSubstr(R"(status="CANCELLED")"));
}

TEST_F(GateTest, AMovedTicketCountsOnce) {
  Result<Ticket> first = gate_.Admit({});
  Ticket moved = *std::move(first);
  EXPECT_EQ(gate_.in_flight(), 1u);
  moved.Finish(OkStatus());
  EXPECT_EQ(gate_.in_flight(), 0u);
  EXPECT_EQ(log_.lines().size(), 1u);
}

TEST_F(GateTest, WaitIdleEndsWithTheLastRequest) {
  auto ticket = gate_.Admit({});
  gate_.BeginDrain();
  const TimePoint deadline = clock_.Now() + milliseconds(500);
  bool idle = false;
  Thread waiter("wait", [&] { idle = gate_.WaitIdle(deadline); });
  clock_.AwaitWaiters(1, deadline);
  ticket->Finish(OkStatus());
  waiter.Join();
  EXPECT_TRUE(idle);
}

TEST_F(GateTest, WaitIdleGivesUpAtItsDeadline) {
  auto ticket = gate_.Admit({});
  gate_.BeginDrain();
  const TimePoint deadline = clock_.Now() + milliseconds(500);
  bool idle = true;
  Thread waiter("wait", [&] { idle = gate_.WaitIdle(deadline); });
  clock_.AwaitWaiters(1, deadline);
  clock_.Advance(milliseconds(500));
  waiter.Join();
  EXPECT_FALSE(idle);
}

}  // namespace
}  // namespace flambeau
