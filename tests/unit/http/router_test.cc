#include "http/router.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "http/route_memory.h"
#include "http/test_handlers.h"

namespace flambeau {
namespace {

class RouterTest : public ::testing::Test {
 protected:
  RouterTest() {
    auto router = Router::Create({{"GET", "/", root_},
                                  {"GET", "/v2", literal_},
                                  {"GET", "/v2/health/live", literal_},
                                  {"GET", "/v2/models/:model", model_},
                                  {"GET", "/v2/models/:model/ready", ready_},
                                  {"POST", "/v2/models/:model/versions/:version/infer", infer_},
                                  {"POST", "/predict", literal_},
                                  {"POST", "/predict/:model", model_},
                                  {"POST", "/predict/:model/:version", infer_}});
    EXPECT_TRUE(router.ok());
    router_ = *std::move(router);
  }

  std::shared_ptr<HttpHandler> root_ = std::make_shared<EchoHandler>();
  std::shared_ptr<HttpHandler> literal_ = std::make_shared<EchoHandler>();
  std::shared_ptr<HttpHandler> model_ = std::make_shared<EchoHandler>();
  std::shared_ptr<HttpHandler> ready_ = std::make_shared<EchoHandler>();
  std::shared_ptr<HttpHandler> infer_ = std::make_shared<EchoHandler>();
  std::unique_ptr<Router> router_;
};

TEST_F(RouterTest, FindsTheHandlerOfLiteralAndNamedPaths) {
  EXPECT_EQ(router_->Find("GET", "/").handler, root_.get());
  EXPECT_EQ(router_->Find("GET", "/v2").handler, literal_.get());
  EXPECT_EQ(router_->Find("GET", "/v2/health/live").handler, literal_.get());
  EXPECT_EQ(router_->Find("GET", "/v2/models/digits").handler, model_.get());
  EXPECT_EQ(router_->Find("GET", "/v2/models/ready").handler, model_.get());
  EXPECT_EQ(router_->Find("GET", "/v2/models/digits/ready").handler, ready_.get());
  EXPECT_EQ(router_->Find("POST", "/predict").handler, literal_.get());
  EXPECT_EQ(router_->Find("POST", "/predict/digits").handler, model_.get());
  EXPECT_EQ(router_->Find("HEAD", "/v2").handler, literal_.get());
}

TEST_F(RouterTest, DecodesPathParametersAndNothingElse) {
  const RouteMatch match = router_->Find("POST", "/v2/models/a%2Db%25+c/versions/%31/infer");
  EXPECT_EQ(match.handler, infer_.get());
  const std::map<std::string, std::string> expected = {{"model", "a-b%+c"}, {"version", "1"}};
  EXPECT_EQ(match.path_params, expected);
  EXPECT_TRUE(router_->Find("GET", "/v2").path_params.empty());
}

struct Unfound {
  std::string method;
  std::string path;
  int status;
};

TEST_F(RouterTest, RefusesWhatItDoesNotServe) {
  const std::vector<Unfound> rows = {
      {"GET", "/v", 404},
      {"GET", "/v2x", 404},
      {"GET", "/V2", 404},
      {"GET", "/v2.health.live", 404},  // a literal path is no regular expression
      {"GET", "/v2/health/live/", 404},
      {"GET", "//v2", 404},
      {"GET", "/v2/models/a/b", 404},
      {"GET", "/v2/models/a/ready/b", 404},
      {"POST", "/predict/a/1/2", 404},
      {"POST", "/v2", 405},
      {"OPTIONS", "/v2", 405},
      {"HEAD", "/predict", 405},
      {"DELETE", "/v2/models/a", 405},
      {"GET", "/v2/models/", 400},
      {"POST", "/predict/", 400},
      {"POST", "/v2/models//versions/1/infer", 400},
      {"GET", "/v2/models/../x", 400},
      {"GET", "/v2/models/.", 400},
      {"GET", "/v2/models/%2e%2E", 400},
      {"GET", "/v2/models/.%2e", 400},
      {"GET", "/v2/models/%2e%2e%2fx", 400},
      {"GET", "/v2/models/a%2fready", 400},
      {"GET", "/v2/models/a%2Fready", 400},
      {"GET", "/v2/models/a%00", 400},
      {"GET", "/v2/models/a%0d%0ab", 400},
      {"GET", "/v2/models/a%7f", 400},
      {"GET", "/v2/models/a%", 400},
      {"GET", "/v2/models/a%2", 400},
      {"GET", "/v2/models/a%zz", 400},
      {"GET", "/v2/models/%u002f", 400},
      {"GET", "/%2e%2e/etc/passwd", 400},
  };
  for (const Unfound& row : rows) {
    const RouteMatch match = router_->Find(row.method, row.path);
    EXPECT_EQ(match.handler, nullptr) << row.method << " " << row.path;
    EXPECT_EQ(match.status, row.status) << row.method << " " << row.path;
    EXPECT_FALSE(match.sentence.empty()) << row.method << " " << row.path;
    EXPECT_EQ(match.allow.empty(), row.status != 405) << row.method << " " << row.path;
  }
  EXPECT_EQ(router_->Find("PUT", "/v2").allow, "GET, HEAD");
  EXPECT_EQ(router_->Find("PUT", "/predict").allow, "POST");
}

TEST(RouterCreateTest, RefusesPatternsThatAreNotRoutes) {
  const auto echo = std::make_shared<EchoHandler>();
  for (const std::string pattern : {"", "v2", "/a(.*)", "/a b", "/a*"}) {
    const auto router = Router::Create({{"GET", pattern, echo}});
    EXPECT_EQ(router.status().code(), StatusCode::kInvalidArgument) << pattern;
  }
  EXPECT_FALSE(Router::Create({{"GET", "/a", echo}, {"GET", "/a", echo}}).ok());
}

TEST_F(RouterTest, AMemoryAnswersAsTheRouterDoes) {
  RouteMemory memory(router_.get());
  for (int round = 0; round < 2; ++round) {
    // More paths than it has places for.
    for (int i = 0; i < 500; ++i) {
      const std::string name = "m" + std::to_string(i);
      const RouteMatch match = memory.Find("GET", "/v2/models/" + name);
      EXPECT_EQ(match.handler, model_.get());
      EXPECT_EQ(match.path_params, (std::map<std::string, std::string>{{"model", name}}));
    }
    for (int again = 0; again < 2; ++again) {
      EXPECT_EQ(memory.Find("POST", "/predict/a").handler, model_.get());
      EXPECT_EQ(memory.Find("GET", "/predict/a").status, 405);
      EXPECT_EQ(memory.Find("POST", "/predict/a/1").handler, infer_.get());
      EXPECT_EQ(memory.Find("GET", "/nowhere").status, 404);
      EXPECT_EQ(memory.Find("GET", "/v2/models/a%2Fb").status, 400);
    }
  }
}

}  // namespace
}  // namespace flambeau
