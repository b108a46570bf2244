// What LibTorch alone can do: raw_loop MODEL SHAPE CALLERS SECONDS. Each caller runs the model in a
// loop on its own thread, one intra-op thread each; prints one line of JSON. SHAPE is like 1x10.
#include <ATen/Parallel.h>
#include <ATen/core/ivalue.h>
#include <ATen/ops/randn.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/serialization/import.h>

#include <algorithm>
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

std::vector<int64_t> ParseShape(const std::string& text) {
  std::vector<int64_t> shape;
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t end = std::min(text.find('x', begin), text.size());
    shape.push_back(std::stoll(text.substr(begin, end - begin)));
    begin = end + 1;
  }
  return shape;
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

// Runs until `end`; returns each run's microseconds.
std::vector<double> Loop(const torch::jit::Module& original, const std::vector<int64_t>& shape,
                         SteadyClock::time_point begin, SteadyClock::time_point end) {
  at::set_num_threads(1);
  const c10::InferenceMode inference;
  torch::jit::Module module = original;
  std::vector<double> times;
  for (SteadyClock::time_point now = SteadyClock::now(); now < end;) {
    module.forward({at::randn(shape)});
    const SteadyClock::time_point after = SteadyClock::now();
    if (now >= begin)
      times.push_back(std::chrono::duration<double, std::micro>(after - now).count());
    now = after;
  }
  return times;
}

int Run(const std::string& path, const std::string& shape_text, int callers, double seconds) {
  torch::jit::Module module = torch::jit::load(path);
  module.eval();
  const std::vector<int64_t> shape = ParseShape(shape_text);
  const SteadyClock::time_point begin = SteadyClock::now() + std::chrono::milliseconds(500);
  const auto length =
      std::chrono::duration_cast<SteadyClock::duration>(std::chrono::duration<double>(seconds));
  std::vector<std::vector<double>> times(static_cast<size_t>(callers));
  std::vector<std::thread> threads;
  threads.reserve(times.size());
  for (std::vector<double>& mine : times) {
    threads.emplace_back([&] { mine = Loop(module, shape, begin, begin + length); });
  }
  std::this_thread::sleep_until(begin);
  const double cpu_before = CpuSeconds();
  for (std::thread& thread : threads) thread.join();
  const double cpu = CpuSeconds() - cpu_before;

  std::vector<double> all;
  for (const std::vector<double>& mine : times) all.insert(all.end(), mine.begin(), mine.end());
  if (all.empty()) return 1;
  std::sort(all.begin(), all.end());
  std::printf(
      "BENCH {\"requests\": %zu, \"seconds\": %.6f, \"p50_us\": %.1f, \"p99_us\": %.1f, "
      "\"cpu_us\": %.2f}\n",
      all.size(), seconds, all[all.size() / 2], all[all.size() * 99 / 100],
      cpu * 1e6 / static_cast<double>(all.size()));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "Usage: raw_loop MODEL SHAPE CALLERS SECONDS\n");
    return 2;
  }
  try {
    return Run(argv[1], argv[2], std::atoi(argv[3]), std::atof(argv[4]));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "raw_loop: %s\n", error.what());
    return 1;
  }
}
