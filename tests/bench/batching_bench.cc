// What the scheduler costs per request, over a backend that does nothing: from Submit to the
// completion, without transport, decoding or a model.
#include <benchmark/benchmark.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "backend/fake/fake_backend.h"
#include "batching/scheduler.h"

namespace flambeau {
namespace {

// Answers with the item's own first argument, after a while.
class EchoInstance final : public Instance {
 public:
  explicit EchoInstance(Duration pause) : pause_(pause) {}

  RunTiming Run(std::span<const Item> items, Sink& sink) override {
    if (pause_ > Duration::zero()) std::this_thread::sleep_for(pause_);
    for (size_t i = 0; i < items.size(); ++i) sink.Deliver(i, items[i].arguments[0], true);
    return {};
  }

 private:
  const Duration pause_;
};

class EchoModel final : public Model {
 public:
  explicit EchoModel(Duration pause) : pause_(pause) {}

  const Facts& facts() const override { return facts_; }
  Result<std::unique_ptr<Instance>> NewInstance() override {
    return std::unique_ptr<Instance>(std::make_unique<EchoInstance>(pause_));
  }
  Result<std::unique_ptr<Instance>> NewProbe() override { return NewInstance(); }

 private:
  const Duration pause_;
  const Facts facts_ = FakeFacts(8);
};

// Counts answers down. Threads: any.
class Countdown {
 public:
  void Reset(int count) {
    const std::lock_guard lock(mutex_);
    left_ = count;
  }
  void One() {
    const std::lock_guard lock(mutex_);
    if (--left_ == 0) zero_.notify_one();
  }
  void Wait() {
    std::unique_lock lock(mutex_);
    zero_.wait(lock, [&] { return left_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable zero_;
  int left_ = 0;
};

struct Setup {
  explicit Setup(int instances, Duration pause = Duration::zero()) {
    Scheduler::Options options;
    options.instances = instances;
    options.max_queue_size = 4096;
    scheduler = *Scheduler::Create("echo", std::make_shared<EchoModel>(pause), options,
                                   {&clock, &permits, log.get(), nullptr});
    tensor = *Tensor::Allocate(DType::kFp32, {1, 8});
  }
  Work Request(WorkDone done) {
    Work work;
    work.arguments.push_back(Value{tensor});
    work.deadline = clock.Now() + std::chrono::seconds(60);
    work.done = std::move(done);
    return work;
  }

  SystemClock clock;
  CorePermits permits{4};
  std::unique_ptr<Log> log = Log::Silent();
  std::unique_ptr<Scheduler> scheduler;
  Tensor tensor;
};

// One client that waits for each answer: two thread hand-offs per request.
void OneClient(benchmark::State& state) {
  Setup setup(static_cast<int>(state.range(0)));
  Countdown countdown;
  for (auto _ : state) {
    countdown.Reset(1);
    setup.scheduler->Submit(setup.Request([&](const Result<Outcome>&) { countdown.One(); }));
    countdown.Wait();
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(OneClient)->Arg(1)->Arg(2)->UseRealTime();

// Many clients in flight, from one thread: what a request costs when batches fill.
void ManyInFlight(benchmark::State& state) {
  Setup setup(1);
  const int in_flight = static_cast<int>(state.range(0));
  Countdown countdown;
  for (auto _ : state) {
    countdown.Reset(in_flight);
    for (int i = 0; i < in_flight; ++i) {
      setup.scheduler->Submit(setup.Request([&](const Result<Outcome>&) { countdown.One(); }));
    }
    countdown.Wait();
  }
  state.SetItemsProcessed(state.iterations() * in_flight);
}
BENCHMARK(ManyInFlight)->Arg(8)->Arg(32)->Arg(256)->UseRealTime();

// Eight clients that send again once they are answered, on a model of so many microseconds. Without
// regrouping (runs of less than 300 us) batches of seven and of one take turns.
void ClosedLoop(benchmark::State& state) {
  Setup setup(1, std::chrono::microseconds(state.range(0)));
  constexpr int kClients = 8;
  constexpr int kRounds = 50;
  int64_t rows = 0;
  for (auto _ : state) {
    std::atomic<int64_t> batch_rows{0};
    std::vector<std::thread> clients;
    clients.reserve(kClients);
    for (int i = 0; i < kClients; ++i) {
      clients.emplace_back([&] {
        Countdown countdown;
        for (int round = 0; round < kRounds; ++round) {
          countdown.Reset(1);
          setup.scheduler->Submit(setup.Request([&](const Result<Outcome>& outcome) {
            batch_rows += outcome->batch_rows;
            countdown.One();
          }));
          countdown.Wait();
        }
      });
    }
    for (std::thread& client : clients) client.join();
    rows += batch_rows;
  }
  state.SetItemsProcessed(state.iterations() * kClients * kRounds);
  state.counters["rows_per_answer"] =
      static_cast<double>(rows) / static_cast<double>(state.iterations() * kClients * kRounds);
}
BENCHMARK(ClosedLoop)->Arg(200)->Arg(500)->Arg(900)->Arg(2000)->Arg(10000)->UseRealTime();

// Submit alone, while stopping: what refusing costs.
void RefusedWhileStopping(benchmark::State& state) {
  Setup setup(1);
  setup.scheduler->Stop();
  int refused = 0;
  for (auto _ : state) {
    setup.scheduler->Submit(setup.Request([&](const Result<Outcome>&) { ++refused; }));
  }
  benchmark::DoNotOptimize(refused);
}
BENCHMARK(RefusedWhileStopping);

}  // namespace
}  // namespace flambeau

BENCHMARK_MAIN();
