// The REST endpoints over a real listener, in front of a repository of doubles.
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "doubles/echo_repository.h"
#include "http/listener.h"
#include "http/routes.h"
#include "http/test_client.h"
#include "http/test_handlers.h"
#include "http/zlib_data.h"
#include "metrics/metrics.h"
#include "serving/gate.h"

namespace flambeau {
namespace {

class HandlersTest : public ::testing::Test {
 protected:
  HandlersTest() {
    HttpListener::Options options;
    options.port = 0;
    auto listener = HttpListener::Create(options, ServingRoutes(services_), &clock_, log_.get());
    EXPECT_TRUE(listener.ok());
    listener_ = *std::move(listener);
    client_ = std::make_unique<TestClient>(listener_->port());
  }
  ~HandlersTest() override { listener_->Stop(); }

  TestAnswer Get(const std::string& path) { return client_->Ask(GetRequest(path)); }
  TestAnswer Post(const std::string& path, const std::string& body,
                  const std::string& headers = "") {
    return client_->Ask(PostRequest(path, body, headers));
  }
  EchoScheduler& scheduler() { return repository_.echo().scheduler(); }

  SystemClock clock_;
  std::unique_ptr<Log> log_ = Log::Silent();
  AdjustableLog adjustable_log_{log_.get(), LogLevel::kInfo};
  TraceSettings traces_{log_.get()};
  std::unique_ptr<Metrics> metrics_ = Metrics::Create();
  DoubleRepository repository_;
  Gate gate_{{}, &clock_, log_.get(), metrics_.get()};
  Inference inference_{&gate_, &repository_, &clock_};
  ServerInfo info_{&repository_, &gate_};
  SharedMemory shared_memory_{{}};
  ModelAdmin admin_{&repository_};
  const HttpServices services_{&inference_,      &info_,   metrics_.get(), &shared_memory_,
                               &adjustable_log_, &traces_, &admin_};
  std::unique_ptr<HttpListener> listener_;
  std::unique_ptr<TestClient> client_;
};

const char* const kInferBody =
    R"({"id":"7","inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[0.5,-2]}]})";

std::string JsonLength(size_t length) {
  return "Inference-Header-Content-Length: " + std::to_string(length) + "\r\n";
}

TEST_F(HandlersTest, HealthIsJsonAndTellsByItsCode) {
  EXPECT_EQ(Get("/v2/health/live").body, R"({"live":true})");
  EXPECT_EQ(Get("/v2/health/ready").body, R"({"ready":true})");
  EXPECT_EQ(Get("/v2/models/echo/ready").body, R"({"name":"echo","ready":true})");
  EXPECT_EQ(Get("/v2/models/echo/versions/1/ready").status, 200);
  EXPECT_EQ(Get("/v2/models/loading/ready").status, 503);
  EXPECT_EQ(Get("/v2/models/nobody/ready").status, 404);
  repository_.set_settled(false);
  const TestAnswer unready = Get("/v2/health/ready");
  EXPECT_EQ(unready.status, 503);
  EXPECT_EQ(unready.body, R"({"ready":false})");
  EXPECT_EQ(unready.headers.at("retry-after"), "1");
}

TEST_F(HandlersTest, TheConfigurationInEffectIsServed) {
  for (const std::string path : {"/v2/models/echo/config", "/v2/models/echo/versions/1/config"}) {
    const TestAnswer config = Get(path);
    EXPECT_EQ(config.status, 200);
    EXPECT_NE(config.body.find(R"("name":"echo")"), std::string::npos) << config.body;
    EXPECT_NE(config.body.find(R"("max_batch_size":7)"), std::string::npos) << config.body;
  }
  EXPECT_EQ(Get("/v2/models/nobody/config").status, 404);
  EXPECT_EQ(Get("/v2/models/loading/config").status, 503);
  EXPECT_EQ(Get("/v2/models/echo/versions/9/config").status, 404);
  EXPECT_EQ(Post("/v2/models/echo/config", "{}").status, 405);
}

TEST_F(HandlersTest, ModelsAreLoadedAndUnloaded) {
  const std::string models = "/v2/repository/models/";
  for (const std::string body : {"", "{}", R"({"parameters":{}})"}) {
    const TestAnswer loaded = Post(models + "echo/load", body);
    EXPECT_EQ(loaded.status, 200);
    EXPECT_EQ(loaded.body, "");
  }
  EXPECT_EQ(Post(models + "echo/unload", R"({"parameters":{"unload_dependents":false}})").status,
            200);
  const TestAnswer other =
      Post(models + "other/load", R"({"parameters":{"config":"{\"name\":\"other\"}"}})");
  EXPECT_EQ(other.status, 400);
  EXPECT_EQ(other.body, R"({"error":"Load other {\"name\":\"other\"}."})");
  for (const std::string body :
       {R"({"parameters":{"config":7}})", R"({"parameters":{"nothing":"x"}})", R"({"name":"echo"})",
        R"([])", R"({"parameters":{"file:1/model.pt":"AAAA"}})",
        R"({"parameters":{"unload_dependents":true}})"}) {
    EXPECT_EQ(Post(models + "echo/load", body).status, 400) << body;
  }
  EXPECT_EQ(Post(models + "echo/unload", R"({"parameters":{"config":"{}"}})").status, 400);
  for (const std::string path : {"index", "models/echo/load", "models/echo/unload"}) {
    EXPECT_EQ(Post("/v2/repository/main/" + path, "").status, 501) << path;
  }
  EXPECT_EQ(Get(models + "echo/load").status, 405);
}

TEST_F(HandlersTest, ADrainAnswersLoadsInProgress) {
  std::thread drain([this] {
    while (!admin_.waiting()) std::this_thread::yield();
    admin_.BeginDrain();
  });
  EXPECT_EQ(Post("/v2/repository/models/slow/load", "").status, 503);
  drain.join();
  EXPECT_EQ(Post("/v2/repository/models/echo/load", "").status, 503);
}

TEST_F(HandlersTest, MetadataIsServedUnderEveryPath) {
  for (const std::string path : {"/v2", "/v2/"}) {
    const TestAnswer server = Get(path);
    EXPECT_EQ(server.status, 200);
    EXPECT_NE(server.body.find("\"extensions\":["), std::string::npos) << server.body;
  }
  for (const std::string path : {"/v2/models/pair", "/v2/models/pair/versions/1"}) {
    const TestAnswer model = Get(path);
    EXPECT_EQ(model.status, 200);
    EXPECT_NE(model.body.find("\"name\":\"pair\""), std::string::npos) << model.body;
  }
  EXPECT_EQ(Get("/v2/models/nobody").status, 404);
  EXPECT_EQ(Get("/v2/models/echo/versions/2").status, 404);
  EXPECT_EQ(Get("/v2/models/echo/versions/x").status, 400);
  EXPECT_NE(Get("/").body.find("echo"), std::string::npos);
}

TEST_F(HandlersTest, TheIndexListsAllOrTheReadyOnes) {
  const TestAnswer all = Post("/v2/repository/index", "");
  EXPECT_EQ(all.status, 200);
  EXPECT_NE(all.body.find("loading"), std::string::npos) << all.body;
  const TestAnswer ready = Post("/v2/repository/index", R"({"ready":true})");
  EXPECT_EQ(ready.body.find("loading"), std::string::npos) << ready.body;
  EXPECT_EQ(Post("/v2/repository/index", "[").status, 400);
  EXPECT_EQ(Get("/v2/repository/index").headers.at("allow"), "POST");
}

TEST_F(HandlersTest, StatisticsCountWhatWasAnswered) {
  EXPECT_EQ(Post("/v2/models/echo/infer", kInferBody).status, 200);
  EXPECT_EQ(Post("/v2/models/echo/infer", "{}").status, 400);
  const TestAnswer all = Get("/v2/models/stats");
  EXPECT_EQ(all.status, 200);
  EXPECT_NE(all.body.find(R"("name":"pair")"), std::string::npos) << all.body;
  for (const std::string path : {"/v2/models/echo/stats", "/v2/models/echo/versions/1/stats"}) {
    const TestAnswer one = Get(path);
    EXPECT_EQ(one.status, 200);
    EXPECT_EQ(one.body.find(R"("name":"pair")"), std::string::npos) << one.body;
    EXPECT_NE(one.body.find(R"("success":{"count":1,)"), std::string::npos) << one.body;
    EXPECT_NE(one.body.find(R"("fail":{"count":1,)"), std::string::npos) << one.body;
  }
  EXPECT_EQ(Get("/v2/models/nobody/stats").status, 404);
  EXPECT_EQ(Get("/v2/models/echo/versions/2/stats").status, 404);
  EXPECT_EQ(Get("/v2/models/loading/stats").status, 503);
  EXPECT_EQ(Post("/v2/models/stats", "").headers.at("allow"), "GET, HEAD");
}

TEST_F(HandlersTest, MetricsAreText) {
  for (const std::string path : {"/metrics", "/metrics/"}) {
    const TestAnswer answer = Get(path);
    EXPECT_EQ(answer.headers.at("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    EXPECT_NE(answer.body.find("# TYPE "), std::string::npos);
  }
}

TEST_F(HandlersTest, PredictAnswersOnEveryPath) {
  for (const std::string path : {"/predict", "/predict/echo", "/predict/echo/1"}) {
    const TestAnswer answer = Post(path, R"({"input": [[0.5, -2]]})");
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.body, R"({"output":[[0.5,-2.0]]})");
    EXPECT_EQ(answer.headers.at("content-type"), "application/json");
    EXPECT_EQ(answer.headers.at("x-model-version"), "1");
  }
}

TEST_F(HandlersTest, InferAnswersInJson) {
  for (const std::string path : {"/v2/models/echo/infer", "/v2/models/echo/versions/1/infer"}) {
    const TestAnswer answer = Post(path, kInferBody);
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_NE(answer.body.find("\"data\":[0.5,-2"), std::string::npos) << answer.body;
    EXPECT_NE(answer.body.find("\"id\":\"7\""), std::string::npos) << answer.body;
    EXPECT_EQ(answer.headers.at("content-type"), "application/json");
    EXPECT_EQ(answer.headers.count("inference-header-content-length"), 0u);
  }
}

TEST_F(HandlersTest, InferTakesAndGivesBinaryTensors) {
  const std::string json = R"({"inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","parameters":)"
                           R"({"binary_data_size":8}}],"parameters":{"binary_data_output":true}})";
  const std::string tensor("\0\0\0\x3f\0\0\0\xc0", 8);  // 0.5 and -2
  const TestAnswer answer = Post("/v2/models/echo/infer", json + tensor, JsonLength(json.size()));
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.headers.at("content-type"), "application/octet-stream");
  const size_t length = std::stoul(answer.headers.at("inference-header-content-length"));
  ASSERT_EQ(answer.body.size(), length + tensor.size());
  EXPECT_EQ(answer.body.substr(length), tensor);
  EXPECT_EQ(answer.body[length - 1], '}');
}

TEST_F(HandlersTest, TheJsonLengthMayBeTheWholeBody) {
  const std::string body = kInferBody;
  EXPECT_EQ(Post("/v2/models/echo/infer", body, JsonLength(body.size())).status, 200);
}

TEST_F(HandlersTest, AWrongJsonLengthIsRefused) {
  const std::string body = kInferBody;
  for (const std::string value : {"x", "-1", "", "1.0", "0x10", "0", "99999999999999999999"}) {
    const TestAnswer answer =
        Post("/v2/models/echo/infer", body, "Inference-Header-Content-Length: " + value + "\r\n");
    EXPECT_EQ(answer.status, 400) << value;
    EXPECT_NE(answer.body.find("Inference-Header-Content-Length"), std::string::npos) << value;
  }
  EXPECT_EQ(Post("/v2/models/echo/infer", body, JsonLength(body.size() + 1)).status, 400);
  EXPECT_EQ(Post("/v2/models/echo/infer", body, JsonLength(5)).status, 400);
}

TEST_F(HandlersTest, BadBodiesAreRefusedWithOneSentence) {
  const std::vector<std::string> bodies = {"",
                                           "{",
                                           "[]",
                                           "nonsense",
                                           "{}",
                                           "{\"a\": 1}",
                                           "{} extra",
                                           std::string(1, '\0'),
                                           std::string(100000, '['),
                                           "{\"input\": " + std::string(100000, '[')};
  for (const std::string path : {"/predict", "/v2/models/echo/infer"}) {
    for (const std::string& body : bodies) {
      const TestAnswer answer = Post(path, body);
      EXPECT_EQ(answer.status, 400) << path << " " << body.substr(0, 20);
      EXPECT_EQ(answer.body.substr(0, 10), "{\"error\":\"") << path << " " << body.substr(0, 20);
    }
  }
  EXPECT_EQ(gate_.in_flight(), 0u);
  EXPECT_EQ(Post("/predict", R"({"input": [1]})").status, 200);
}

TEST_F(HandlersTest, LogSettingsAreReadAndChanged) {
  const std::string before =
      R"({"log_file":"","log_info":true,"log_warning":true,"log_error":true,)"
      R"("log_verbose_level":0,"log_format":"ISO8601"})";
  EXPECT_EQ(Get("/v2/logging").body, before);
  const TestAnswer changed = Post("/v2/logging", R"({"log_info":false,"log_verbose_level":1})");
  EXPECT_EQ(changed.status, 200);
  EXPECT_NE(changed.body.find(R"("log_info":false)"), std::string::npos) << changed.body;
  EXPECT_EQ(Get("/v2/logging").body, changed.body);
  EXPECT_FALSE(adjustable_log_.settings().info);
  EXPECT_EQ(Post("/v2/logging", R"({"log_file":"/tmp/x"})").status, 400);
  EXPECT_EQ(Post("/v2/logging", R"({"log_info":1})").status, 400);
  EXPECT_EQ(Get("/v2/logging").body, changed.body);
}

TEST_F(HandlersTest, TraceSettingsAreKeptForAllAndForOne) {
  EXPECT_EQ(Post("/v2/trace/setting", R"({"trace_rate":"5"})").status, 200);
  EXPECT_EQ(Post("/v2/models/echo/trace/setting", R"({"trace_level":["TIMESTAMPS"]})").body,
            R"({"log_frequency":"0","trace_count":"-1","trace_file":"",)"
            R"("trace_level":["TIMESTAMPS"],"trace_mode":"triton","trace_rate":"5"})");
  EXPECT_NE(Get("/v2/models/pair/trace/setting").body.find(R"("trace_level":["OFF"])"),
            std::string::npos);
  EXPECT_EQ(Post("/v2/models/echo/trace/setting", R"({"trace_level":null})").status, 200);
  EXPECT_EQ(Get("/v2/models/echo/trace/setting").body, Get("/v2/trace/setting").body);
  EXPECT_EQ(Get("/v2/models/nobody/trace/setting").status, 404);
  EXPECT_EQ(Get("/v2/models/echo/versions/1/trace/setting").status, 404);
  EXPECT_EQ(Post("/v2/trace/setting", R"({"trace_rate":"x"})").status, 400);
}

TEST_F(HandlersTest, GenerateAnswersWithAnObjectOrOneEvent) {
  const std::string body = R"({"x": [0.5, -2], "id": "g", "temperature": 1})";
  const std::string object =
      R"({"id":"g","model_name":"echo","model_version":"1","output":[0.5,-2.0]})";
  for (const std::string path :
       {"/v2/models/echo/generate", "/v2/models/echo/versions/1/generate"}) {
    const TestAnswer answer = Post(path, body);
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.body, object);
    EXPECT_EQ(answer.headers.at("content-type"), "application/json");
  }
  for (const std::string path :
       {"/v2/models/echo/generate_stream", "/v2/models/echo/versions/1/generate_stream"}) {
    const TestAnswer answer = Post(path, body, "Accept-Encoding: gzip\r\n");
    EXPECT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(answer.body, "data: " + object + "\n\n");
    EXPECT_EQ(answer.headers.at("content-type"), "text/event-stream; charset=utf-8");
    EXPECT_EQ(answer.headers.count("content-encoding"), 0u);
  }
  for (const std::string path : {"/v2/models/echo/generate", "/v2/models/echo/generate_stream"}) {
    EXPECT_EQ(Post(path, "{").status, 400);
    EXPECT_EQ(Post(path, R"({"y": 1})").status, 400);
    EXPECT_EQ(Get(path).headers.at("allow"), "POST");
  }
  EXPECT_EQ(Post("/v2/models/nobody/generate", body).status, 404);
  EXPECT_EQ(gate_.in_flight(), 0u);
}

TEST_F(HandlersTest, InferenceIsCompressedForWhoWantsIt) {
  std::string body = R"({"inputs":[{"name":"x","shape":[2000],"datatype":"FP32","data":[0)";
  for (int i = 1; i < 2000; ++i) body += ",1";
  body += "]}]}";
  const std::string plain = Post("/v2/models/echo/infer", body).body;
  const std::string json = JsonLength(body.size());
  const TestAnswer answer = Post("/v2/models/echo/infer", Compress(body, ContentCoding::kDeflate),
                                 json + "Content-Encoding: deflate\r\nAccept-Encoding: gzip\r\n");
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.headers.at("content-encoding"), "gzip");
  EXPECT_EQ(Decompress(answer.body, ContentCoding::kGzip), plain);
  const std::string wants = "Accept-Encoding: gzip\r\n";
  EXPECT_EQ(client_->Ask(GetRequest("/", wants)).headers.count("content-encoding"), 0u);
}

// A path that a pattern matches.
std::string PathOf(const std::string& pattern) {
  std::string path;
  for (size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != ':') {
      path += pattern[i];
      continue;
    }
    path += "1";
    while (i + 1 < pattern.size() && pattern[i + 1] != '/') ++i;
  }
  return path;
}

TEST_F(HandlersTest, EveryRouteNamesTheMethodsThatItTakes) {
  std::map<std::string, std::string> allow;
  for (const HttpRoute& route : ServingRoutes(services_)) {
    std::string& methods = allow[PathOf(route.pattern)];
    methods += (methods.empty() ? "" : ", ") + route.method;
    if (route.method == "GET") methods += ", HEAD";
  }
  for (const auto& [path, methods] : allow) {
    const TestAnswer answer = client_->Ask("DELETE " + path + " HTTP/1.1\r\nHost: t\r\n\r\n");
    EXPECT_EQ(answer.status, 405) << path;
    EXPECT_EQ(answer.headers.at("allow"), methods) << path;
    EXPECT_EQ(answer.body.substr(0, 10), "{\"error\":\"") << path;
  }
}

TEST_F(HandlersTest, UnknownPathsAreNotFound) {
  for (const std::string path :
       {"/v", "/v1/models", "/v2/models/echo/nothing", "/v2/models/echo/versions/1/nothing",
        "/v2/models/echo/infer/", "/v2/trace", "/v2/logging/x", "/v2/models",
        "/v2/models/echo/versions/1/trace/setting", "/predict/echo/1/x"}) {
    for (const TestAnswer& answer : {Get(path), Post(path, "{}")}) {
      EXPECT_EQ(answer.status, 404) << path;
      EXPECT_EQ(answer.body.substr(0, 10), "{\"error\":\"") << path;
    }
  }
}

TEST_F(HandlersTest, EachFailureHasItsCode) {
  const std::string body = R"({"input": [1]})";
  EXPECT_EQ(Post("/predict/nobody", body).status, 404);
  EXPECT_EQ(Post("/predict/echo/9", body).status, 404);
  EXPECT_EQ(Post("/predict/echo/x", body).status, 400);
  EXPECT_EQ(Post("/predict/a%20b", body).status, 400);
  EXPECT_EQ(Post("/predict/loading", body).headers.at("retry-after"), "1");
  scheduler().FailWith(DeadlineExceeded("late"));
  EXPECT_EQ(Post("/predict", body).status, 504);
  scheduler().FailWith(Internal("The model failed."));
  EXPECT_EQ(Post("/predict", body).status, 500);
  scheduler().set_full(true);
  const TestAnswer full = Post("/predict", body);
  EXPECT_EQ(full.status, 429);
  EXPECT_EQ(full.headers.at("retry-after"), "1");
  scheduler().set_full(false);
  gate_.BeginDrain();
  EXPECT_EQ(Post("/predict", body).status, 503);
}

TEST_F(HandlersTest, TheTimeoutHeaderBecomesTheDeadline) {
  const std::string body = R"({"input": [1]})";
  for (const std::string value : {"", "x", "0", "-1", "1.5", "3600001", "99999999999999999999"}) {
    const TestAnswer answer = Post("/predict", body, "X-Request-Timeout-Ms: " + value + "\r\n");
    EXPECT_EQ(answer.status, 400) << value;
    EXPECT_NE(answer.body.find("X-Request-Timeout-Ms"), std::string::npos) << value;
  }
  scheduler().Hold();
  const TimePoint before = clock_.Now();
  client_->Send(PostRequest("/predict", body, "X-Request-Timeout-Ms: 1500\r\n"));
  scheduler().AwaitSubmitted(1);
  const TimePoint deadline = scheduler().held_deadline();
  EXPECT_GE(deadline, before + std::chrono::milliseconds(1500));
  EXPECT_LE(deadline, clock_.Now() + std::chrono::milliseconds(1500));
  scheduler().Release();
  EXPECT_EQ(client_->Read().status, 200);
}

TEST_F(HandlersTest, AClientThatGoesCancelsItsWork) {
  scheduler().Hold();
  client_->Send(PostRequest("/predict", R"({"input": [1]})"));
  scheduler().AwaitSubmitted(1);
  const CancelTokenPtr cancel = scheduler().held_cancel();
  client_->Close();
  EXPECT_TRUE(Eventually([&] { return cancel->cancelled(); }));
  scheduler().Release();
  EXPECT_TRUE(Eventually([&] { return listener_->connections() == 0; }));
}

TEST_F(HandlersTest, TheRequestIdComesBack) {
  const TestAnswer answer = Post("/predict", R"({"input": [1]})", "X-Request-Id: abc-1\r\n");
  EXPECT_EQ(answer.headers.at("x-request-id"), "abc-1");
}

}  // namespace
}  // namespace flambeau
