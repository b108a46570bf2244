// What LibTorch alone can do: raw_loop MODEL SHAPE CALLERS SECONDS [OPTIMIZATIONS]. Each caller
// runs the model in a loop on its own thread, one intra-op thread each; prints one line of JSON.
// SHAPE is like 1x10 or 1x64:int64, OPTIMIZATIONS like channels-last,freeze,optimize-for-inference.
#include <ATen/Parallel.h>
#include <ATen/core/ivalue.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <thread>
#include <vector>

#include <sys/resource.h>

namespace {

using SteadyClock = std::chrono::steady_clock;

struct Input {
  std::vector<int64_t> shape;
  bool integers = false;
};

// "32x3x224x224", "1x64:int64"
Input ParseInput(const std::string& text) {
  Input input;
  const size_t colon = std::min(text.find(':'), text.size());
  input.integers = text.substr(colon) == ":int64";
  size_t begin = 0;
  while (begin < colon) {
    const size_t end = std::min(text.find('x', begin), colon);
    input.shape.push_back(std::stoll(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  return input;
}

// By the words among "channels-last", "freeze" and "optimize-for-inference".
torch::jit::Module Optimize(torch::jit::Module module, const std::string& words) {
  if (words.find("channels-last") != std::string::npos) {
    for (at::Tensor weight : module.parameters()) {
      if (weight.dim() != 4) continue;
      weight.set_data(weight.contiguous(at::MemoryFormat::ChannelsLast));
    }
  }
  if (words.find("freeze") != std::string::npos) module = torch::jit::freeze(module);
  if (words.find("optimize-for-inference") != std::string::npos) {
    module = torch::jit::optimize_for_inference(module);
  }
  return module;
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

struct Measured {
  std::vector<double> microseconds;  // of each run
  double seconds = 0;
};

// Warms up, waits for the other callers, then runs for `length`, but once at least.
Measured Loop(const torch::jit::Module& original, const Input& made, std::barrier<>& start,
              SteadyClock::duration length) {
  at::set_num_threads(1);
  const c10::InferenceMode inference;
  torch::jit::Module module = original;
  const at::Tensor input = made.integers ? at::ones(made.shape, at::kLong) : at::randn(made.shape);
  for (int i = 0; i < 2; ++i) module.forward({input});  // profiles, compiles
  start.arrive_and_wait();
  Measured measured;
  const SteadyClock::time_point begin = SteadyClock::now();
  SteadyClock::time_point now = begin;
  do {
    module.forward({input});
    const SteadyClock::time_point after = SteadyClock::now();
    measured.microseconds.push_back(std::chrono::duration<double, std::micro>(after - now).count());
    now = after;
  } while (now - begin < length);
  measured.seconds = std::chrono::duration<double>(now - begin).count();
  return measured;
}

int Run(const std::string& path, const std::string& input_text, int callers, double seconds,
        const std::string& optimizations) {
  torch::jit::Module module = torch::jit::load(path);
  module.eval();
  module = Optimize(std::move(module), optimizations);
  const Input input = ParseInput(input_text);
  const auto length =
      std::chrono::duration_cast<SteadyClock::duration>(std::chrono::duration<double>(seconds));
  std::barrier start(callers + 1);
  std::vector<Measured> measured(static_cast<size_t>(callers));
  std::vector<std::thread> threads;
  threads.reserve(measured.size());
  for (Measured& mine : measured) {
    threads.emplace_back([&] { mine = Loop(module, input, start, length); });
  }
  start.arrive_and_wait();
  const double cpu_before = CpuSeconds();
  for (std::thread& thread : threads) thread.join();
  const double cpu = CpuSeconds() - cpu_before;

  std::vector<double> all;
  double longest = 0;
  for (const Measured& mine : measured) {
    all.insert(all.end(), mine.microseconds.begin(), mine.microseconds.end());
    longest = std::max(longest, mine.seconds);
  }
  std::sort(all.begin(), all.end());
  std::printf(
      "BENCH {\"requests\": %zu, \"seconds\": %.6f, \"p50_us\": %.1f, \"p90_us\": %.1f, "
      "\"p99_us\": %.1f, \"cpu_us\": %.2f}\n",
      all.size(), longest, all[all.size() / 2], all[all.size() * 9 / 10],
      all[all.size() * 99 / 100], cpu * 1e6 / static_cast<double>(all.size()));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5 && argc != 6) {
    std::fprintf(stderr, "Usage: raw_loop MODEL SHAPE[:int64] CALLERS SECONDS [OPTIMIZATIONS]\n");
    return 2;
  }
  try {
    return Run(argv[1], argv[2], std::atoi(argv[3]), std::atof(argv[4]), argc > 5 ? argv[5] : "");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "raw_loop: %s\n", error.what());
    return 1;
  }
}
