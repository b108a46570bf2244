// Runs that fail: the right code and one sentence without C++ in it.
#include <gtest/gtest.h>

#include "torch_cases.h"

namespace flambeau {
namespace {

void ExpectOneSentence(const Status& status) {
  const std::string text(Message(status));
  EXPECT_EQ(text.find('\n'), std::string::npos) << text;
  EXPECT_EQ(text.find(".cpp"), std::string::npos) << text;
  EXPECT_EQ(text.find("::"), std::string::npos) << text;
  EXPECT_EQ(text.find("/torch_cases.py"), std::string::npos) << text;
  ASSERT_FALSE(text.empty());
  EXPECT_EQ(text.back(), '.') << text;
  EXPECT_LT(text.size(), 400u) << text;
}

class TorchFailure : public testing::TestWithParam<size_t> {};

TEST_P(TorchFailure, IsOneSentenceWithTheRightCode) {
  const auto& entry = Cases()["failures"][GetParam()];
  auto model = TorchBackend().Load(CasePath(entry["model"].get<std::string>() + ".pt"), {});
  ASSERT_TRUE(model.ok()) << model.status();
  auto instance = *(*model)->NewInstance();
  for (int round = 0; round < 3; ++round) {
    const auto results = RunBatch(*instance, 0, {DecodeAll(entry["item"])});
    ASSERT_FALSE(results[0].ok());
    EXPECT_EQ(absl::StatusCodeToString(results[0].status().code()), entry["code"])
        << results[0].status();
    EXPECT_NE(Message(results[0].status()).find(entry["says"].get<std::string>()),
              std::string_view::npos)
        << results[0].status();
    EXPECT_NE(Message(results[0].status()).find(entry["where"].get<std::string>()),
              std::string_view::npos)
        << results[0].status();
    ExpectOneSentence(results[0].status());
  }
}

INSTANTIATE_TEST_SUITE_P(
    Models, TorchFailure, testing::Range(size_t{0}, Cases()["failures"].size()),
    [](const auto& info) {
      return Cases()["failures"][info.param]["model"].template get<std::string>();
    });

TEST(TorchFailureMerged, AResultWithoutTheBatchsRowsFailsEveryItem) {
  auto model = *TorchBackend().Load(CasePath("fixed_batch.pt"), {});
  auto instance = *model->NewInstance();
  const auto item = [] {
    return std::vector<Value>{Value{*Tensor::Allocate(DType::kFp32, {1, 4})}};
  };
  const auto results = RunBatch(*instance, 0, {item(), item()});
  for (const auto& result : results) {
    EXPECT_EQ(result.status().code(), StatusCode::kInternal);
    ExpectOneSentence(result.status());
  }
}

TEST(TorchDevice, AutoAndCpuAreFoundHere) {
  EXPECT_EQ(*TorchBackend().ResolveDevice("cpu"), "cpu");
  EXPECT_TRUE(TorchBackend().ResolveDevice("auto").ok());
}

TEST(TorchDevice, AMissingDeviceIsOneSentence) {
  for (const char* wanted : {"cuda:99", "cuda:", "cuda:x", "tpu", ""}) {
    const auto device = TorchBackend().ResolveDevice(wanted);
    ASSERT_FALSE(device.ok()) << wanted;
    EXPECT_EQ(device.status().code(), StatusCode::kFailedPrecondition);
    EXPECT_NE(Message(device.status()).find(wanted), std::string_view::npos);
    ExpectOneSentence(device.status());
  }
}

TEST(TorchBackendModule, NamesItself) {
  EXPECT_EQ(TorchBackend().name(), "pytorch");
  EXPECT_EQ(TorchBackend().version().substr(0, 2), "2.");
}

}  // namespace
}  // namespace flambeau
