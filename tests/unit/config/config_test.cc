#include "config/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

namespace flambeau {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ConfigTest : public ::testing::Test {
 protected:
  std::variant<ServeConfig, InspectConfig, Exit> Parse(std::vector<const char*> words) {
    words.insert(words.begin(), "flambeau-server");
    return ParseConfig(static_cast<int>(words.size()), words.data());
  }
  ServeConfig Serve(const std::vector<const char*>& words) {
    auto parsed = Parse(words);
    if (const auto* exit = std::get_if<Exit>(&parsed)) ADD_FAILURE() << exit->text;
    return std::get<ServeConfig>(parsed);
  }
  Exit Refuse(const std::vector<const char*>& words) { return std::get<Exit>(Parse(words)); }

  void SetVariable(const char* name, const char* value) {
    variables_.emplace_back(name);
    setenv(name, value, 1);
  }
  std::string WriteFile(const std::string& text) {
    std::string path = ::testing::TempDir() + "server-" + std::to_string(getpid()) + ".json";
    std::ofstream(path) << text;
    return path;
  }
  void TearDown() override {
    for (const std::string& name : variables_) unsetenv(name.c_str());
  }

 private:
  std::vector<std::string> variables_;
};

TEST_F(ConfigTest, DefaultsAreTheDocumentedOnes) {
  const ServeConfig config = Serve({"models"});
  EXPECT_EQ(config.repository.path, "models");
  EXPECT_EQ(config.http.host, "127.0.0.1");
  EXPECT_EQ(config.http.port, 8000);
  EXPECT_EQ(config.grpc.port, 8001);
  EXPECT_EQ(config.metrics_port, 8002);
  EXPECT_EQ(config.response_cache_bytes, 64u << 20);
  EXPECT_EQ(config.http.max_request_bytes, 64u << 20);
  EXPECT_EQ(config.grpc.max_request_bytes, 64u << 20);
  EXPECT_EQ(config.http.max_connections, 4096u);
  EXPECT_EQ(config.repository.scheduler.max_batch_size, 32);
  EXPECT_EQ(config.repository.scheduler.max_queue_delay, Duration::zero());
  EXPECT_EQ(config.repository.scheduler.max_queue_size, 1024u);
  EXPECT_EQ(config.gate.request_timeout, std::chrono::seconds(60));
  EXPECT_EQ(config.drain_timeout, std::chrono::seconds(30));
  EXPECT_EQ(config.drain_delay, Duration::zero());
  EXPECT_EQ(Serve({"models", "--drain-delay", "7"}).drain_delay, std::chrono::seconds(7));
  EXPECT_EQ(config.http.io_threads, 0) << "by the machine";
  EXPECT_EQ(config.grpc.threads, 0) << "by the machine";
  EXPECT_EQ(Serve({"models", "--http-threads", "3"}).http.io_threads, 3);
  EXPECT_EQ(Serve({"models", "--grpc-threads", "3"}).grpc.threads, 3);
  EXPECT_EQ(config.grpc.max_connection_age, Duration::zero());
  EXPECT_EQ(config.grpc.max_connection_age_grace, Duration::zero());
  const GrpcServer::Options aged =
      Serve({"models", "--grpc-max-connection-age=300", "--grpc-max-connection-age-grace=20"}).grpc;
  EXPECT_EQ(aged.max_connection_age, std::chrono::seconds(300));
  EXPECT_EQ(aged.max_connection_age_grace, std::chrono::seconds(20));
  EXPECT_EQ(config.trace_file, "");
  EXPECT_EQ(Serve({"models", "--trace-file", "t.json"}).trace_file, "t.json");
}

TEST_F(ConfigTest, AFlagBeatsAVariableAndAVariableBeatsTheFile) {
  const std::string file = WriteFile(R"({"http-port": 1, "grpc_port": 1, "host": "0.0.0.0"})");
  SetVariable("FLAMBEAU_HTTP_PORT", "2");
  SetVariable("FLAMBEAU_GRPC_PORT", "2");
  const ServeConfig config = Serve({"m", "--config", file.c_str(), "--http-port", "3"});
  EXPECT_EQ(config.http.port, 3);
  EXPECT_EQ(config.grpc.port, 2);
  EXPECT_EQ(config.http.host, "0.0.0.0");
}

TEST_F(ConfigTest, TheFileMayNameTheModels) {
  const std::string file = WriteFile(R"({"models": "from-file"})");
  EXPECT_EQ(Serve({"--config", file.c_str()}).repository.path, "from-file");
}

TEST_F(ConfigTest, AMistakeIsOneSentenceThatNamesTheFlag) {
  const std::vector<std::pair<std::vector<const char*>, std::string>> table = {
      {{"m", "--http-port", "seven"}, "--http-port"},
      {{"m", "--http-port", "65536"}, "--http-port"},
      {{"m", "--http-port", "9", "--grpc-port", "9"}, "--http-port and --grpc-port"},
      {{"m", "--http-port", "8002"}, "--http-port and --metrics-port"},
      {{"m", "--max-request-bytes", "2147483648"}, "--max-request-bytes"},
      {{"m", "--max-batch-size", "0"}, "--max-batch-size"},
      {{"m", "--max-batch-size", "1.5"}, "--max-batch-size"},
      {{"m", "--threads", "-1"}, "--threads"},
      {{"m", "--device", "cuda:"}, "--device"},
      {{"m", "--log-format", "xml"}, "--log-format"},
      {{"m", "--no-such-flag"}, "--no-such-flag"},
      {{"m", "--config", "/no/such/file"}, "--config"},
      {{}, "directory of models"},
      {{"inspect"}, "file"},
  };
  for (const auto& [words, named] : table) {
    const Exit exit = Refuse(words);
    EXPECT_EQ(exit.code, kExitUsage);
    EXPECT_THAT(exit.text, HasSubstr(named));
    EXPECT_EQ(std::count(exit.text.begin(), exit.text.end(), '\n'), 1) << exit.text;
  }
}

TEST_F(ConfigTest, AMistakeInAVariableNamesTheVariable) {
  SetVariable("FLAMBEAU_MAX_QUEUE_SIZE", "many");
  const Exit exit = Refuse({"m"});
  EXPECT_THAT(exit.text, HasSubstr("FLAMBEAU_MAX_QUEUE_SIZE"));
  EXPECT_THAT(exit.text, HasSubstr("'many'"));
}

TEST_F(ConfigTest, AMistakeInTheFileNamesTheKey) {
  for (const char* text :
       {R"({"http_prot": 1})", R"({"http-port": [1]})", R"(["http-port"])", "{"}) {
    const std::string file = WriteFile(text);
    const Exit exit = Refuse({"m", "--config", file.c_str()});
    EXPECT_EQ(exit.code, kExitUsage) << text;
    EXPECT_THAT(exit.text, HasSubstr(file));
  }
}

TEST_F(ConfigTest, ASettingMayBeInTheFileOnce) {
  for (const char* text : {R"({"http-port": 1, "http-port": 2})",
                           R"({"http-port": 1, "host": "::", "http_port": 1})"}) {
    const std::string file = WriteFile(text);
    const Exit exit = Refuse({"m", "--config", file.c_str()});
    EXPECT_EQ(exit.code, kExitUsage) << text;
    EXPECT_THAT(exit.text, HasSubstr("is there twice"));
    EXPECT_THAT(exit.text, HasSubstr("http"));
  }
}

TEST_F(ConfigTest, ChecksOfModels) {
  const ServeConfig config = Serve({"m"});
  EXPECT_TRUE(config.check_in_child);
  EXPECT_EQ(config.check_timeout, std::chrono::seconds(60));
  EXPECT_EQ(config.cache_dir, "");
  const ServeConfig other =
      Serve({"m", "--check-models", "inline", "--check-timeout", "5", "--cache-dir", "none"});
  EXPECT_FALSE(other.check_in_child);
  EXPECT_EQ(other.check_timeout, std::chrono::seconds(5));
  EXPECT_EQ(other.cache_dir, "none");
  EXPECT_EQ(config.optimizations, Optimizations::All());
  EXPECT_EQ(Serve({"m", "--optimizations", "none"}).optimizations, Optimizations());
  EXPECT_EQ(ToString(Serve({"m", "--optimizations", "channels-last,freeze"}).optimizations),
            "freeze,channels-last");
  EXPECT_THAT(Refuse({"m", "--optimizations", "freeze,"}).text, HasSubstr("'freeze,'"));
  EXPECT_THAT(Refuse({"m", "--check-models", "off"}).text, HasSubstr("child|inline"));
}

TEST_F(ConfigTest, ATuningNeedsAProcessThatMeasures) {
  EXPECT_FALSE(Serve({"m"}).tune);
  EXPECT_TRUE(Serve({"m", "--tune"}).tune);
  SetVariable("FLAMBEAU_TUNE", "true");
  EXPECT_TRUE(Serve({"m"}).tune);
  EXPECT_THAT(Refuse({"m", "--check-models", "inline"}).text,
              HasSubstr("--tune needs --check-models child"));
}

TEST_F(ConfigTest, InspectHidesWhatIsTheServersOwn) {
  auto parsed = Parse({"inspect", "--for-server", "--device", "cpu", "--max-batch-size", "7",
                       "--memory-mib", "4096", "--seconds", "60", "--", "-m.pt"});
  const auto& config = std::get<InspectConfig>(parsed);
  EXPECT_TRUE(config.for_server);
  EXPECT_EQ(config.file, "-m.pt");
  EXPECT_EQ(config.max_batch_size, 7);
  EXPECT_EQ(config.memory_mib, 4096u);
  EXPECT_EQ(config.seconds, 60u);
  const Exit help = Refuse({"inspect", "--help"});
  EXPECT_THAT(help.text, HasSubstr("--max-batch-size"));
  EXPECT_THAT(help.text, Not(HasSubstr("--for-server")));
}

TEST_F(ConfigTest, InspectTakesAFile) {
  auto parsed = Parse({"inspect", "model.pt", "--json"});
  const auto& config = std::get<InspectConfig>(parsed);
  EXPECT_EQ(config.file, "model.pt");
  EXPECT_TRUE(config.json);
}

TEST_F(ConfigTest, InspectIsToldShapes) {
  auto parsed = Parse({"inspect", "m.pt", "--shape", "x=1,3,224,224", "--shape", "a=b=2"});
  const auto& shapes = std::get<InspectConfig>(parsed).shapes;
  ASSERT_EQ(shapes.size(), 2u);
  EXPECT_EQ(shapes.at("x"), (Shape{1, 3, 224, 224}));
  EXPECT_EQ(shapes.at("a=b"), (Shape{2}));
  EXPECT_THAT(Refuse({"inspect", "m.pt", "--shape", "x=1", "--shape", "x=2"}).text,
              HasSubstr("--shape gives x twice"));
  for (const char* wrong : {"x", "x=", "=1", "x=1,", "x=1,-2", "x=1x2", "x=99999999999999999999"}) {
    EXPECT_THAT(Refuse({"inspect", "m.pt", "--shape", wrong}).text,
                HasSubstr("is not written as NAME=1,3,224,224"));
  }
}

TEST_F(ConfigTest, OperatorsAreAllowedByName) {
  EXPECT_TRUE(Serve({"models"}).allowed_operators.empty());
  const std::vector<std::string> both = {"aten::from_file", "aten::save"};
  EXPECT_EQ(Serve({"models", "--allow-operator", "aten::from_file,aten::save"}).allowed_operators,
            both);
  auto parsed = Parse(
      {"inspect", "m.pt", "--allow-operator", "aten::from_file", "--allow-operator=aten::save"});
  EXPECT_EQ(std::get<InspectConfig>(parsed).allowed_operators, both);
  for (const char* wrong : {"from_file", "aten::", "::save", ""}) {
    EXPECT_EQ(Refuse({"models", "--allow-operator", wrong}).code, kExitUsage) << wrong;
  }
}

TEST_F(ConfigTest, HelpAndVersionExitWithZero) {
  const Exit help = Refuse({"--help"});
  EXPECT_EQ(help.code, 0);
  for (const char* flag : {"--http-port", "--drain-timeout", "Examples:", "Exit codes:"}) {
    EXPECT_THAT(help.text, HasSubstr(flag));
  }
  EXPECT_EQ(Refuse({"--version"}).code, 0);
}

TEST_F(ConfigTest, ModelControlAndWhatToLoad) {
  EXPECT_EQ(Serve({"models"}).repository.control, ModelControl::kWatch);
  EXPECT_EQ(Serve({"models", "--model-control", "none"}).repository.control, ModelControl::kNone);
  const ServeConfig config =
      Serve({"models", "--model-control", "explicit", "--load-model", "a", "--load-model=b,c"});
  EXPECT_EQ(config.repository.control, ModelControl::kExplicit);
  EXPECT_EQ(config.repository.load_at_start, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(Refuse({"models", "--load-model", "a"}).code, kExitUsage);
  EXPECT_EQ(Refuse({"models", "--model-control", "poll"}).code, kExitUsage);
}

TEST_F(ConfigTest, ARepeatedFlagBeatsItsVariable) {
  SetVariable("FLAMBEAU_MODEL_CONTROL", "explicit");
  SetVariable("FLAMBEAU_LOAD_MODEL", "a,b");
  const std::string file = WriteFile(R"({"load-model": "z"})");
  EXPECT_EQ(Serve({"models", "--config", file.c_str()}).repository.load_at_start,
            (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(Serve({"models", "--load-model", "c"}).repository.load_at_start,
            (std::vector<std::string>{"c"}));
}

}  // namespace
}  // namespace flambeau
