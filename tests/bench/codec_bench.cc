// REST's hot path: an image of 150,528 floats (224 x 224 x 3) read from JSON and written to it.
#include <benchmark/benchmark.h>

#include <random>
#include <string>

#include "codec/json_cursor.h"
#include "codec/json_numbers.h"

namespace flambeau {
namespace {

constexpr int64_t kSide = 224;
constexpr int64_t kChannels = 3;
constexpr int64_t kFloats = kSide * kSide * kChannels;

Tensor Image() {
  Result<Tensor> tensor = Tensor::Allocate(DType::kFp32, {1, kChannels, kSide, kSide});
  std::mt19937 random(1);
  std::uniform_real_distribution<float> value(0, 1);
  auto* data = reinterpret_cast<float*>(tensor->mutable_data());
  for (int64_t i = 0; i < kFloats; ++i) data[i] = value(random);
  return *tensor;
}

// `digits`: how many the client writes; Python writes a float's double, 16 or 17.
std::string Text(int digits) {
  const Tensor image = Image();
  std::string text = "[";
  char number[40];
  for (const float value : image.As<float>()) {
    std::snprintf(number, sizeof(number), "%.*g, ", digits, static_cast<double>(value));
    text += number;
  }
  text.resize(text.size() - 2);
  return text + "]";
}

void ReadFlat(benchmark::State& state) {
  const std::string text = Text(static_cast<int>(state.range(0)));
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        ParseTensor({text}, DType::kFp32, Shape{1, kChannels, kSide, kSide}, "data"));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(text.size()));
}
BENCHMARK(ReadFlat)->Arg(8)->Arg(17)->Unit(benchmark::kMillisecond);

void ReadNestedInferred(benchmark::State& state) {
  std::string text;
  if (!AppendNested(Image(), &text).ok()) return state.SkipWithError("not written");
  for (auto _ : state) {
    benchmark::DoNotOptimize(ParseTensor({text}, std::nullopt, std::nullopt, "input"));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(text.size()));
}
BENCHMARK(ReadNestedInferred)->Unit(benchmark::kMillisecond);

void Delimit(benchmark::State& state) {
  const std::string text = Text(8);
  for (auto _ : state) {
    JsonCursor cursor(text);
    benchmark::DoNotOptimize(cursor.TakeRaw());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(text.size()));
}
BENCHMARK(Delimit)->Unit(benchmark::kMillisecond);

void Write(benchmark::State& state) {
  const Tensor image = Image();
  std::string out;
  for (auto _ : state) {
    out.clear();
    benchmark::DoNotOptimize(AppendNested(image, &out));
  }
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(out.size()));
}
BENCHMARK(Write)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace flambeau

BENCHMARK_MAIN();
