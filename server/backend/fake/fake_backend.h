// A deterministic backend that tests script: y = 2x for every element, and whatever a test adds.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "backend/fake/fake_journal.h"

namespace flambeau {

// One run's numbers, row by row, for a script to look at and change.
struct FakeBatch {
  int64_t rows = 0;
  int64_t row_size = 0;              // elements per row
  std::span<const double> in;        // the sum of the tensor arguments, elementwise
  std::span<double> out;             // 2 * in; the script may change it
  std::span<const Value> arguments;  // of the first item
};

// What the model does beside y = 2x. The defaults make a sound model.
struct FakeScript {
  // Changes the result. One state per instance; calls come from the instance's thread.
  std::function<void(FakeBatch&)> effect;
  // Called at the start of every run, with its rows: to block, to advance a clock, to count.
  std::function<void(int64_t rows)> on_run;
  std::function<void(int64_t rows)> on_probe_run;  // the same for instances from NewProbe
  Duration compute{};                              // what a run says that it took, for each row
  // A run that this refuses fails as a whole.
  std::function<Status(const FakeBatch&)> fail;
  // A run that holds this value fails as a whole with `failure`.
  std::optional<double> poison;
  Status failure = InvalidArgument("input holds a poisoned value; send another one");
  // A run of more rows than this fails with RESOURCE_EXHAUSTED.
  std::optional<int64_t> memory_rows;
  bool drop_batch_dimension = false;  // the result is the rows' sum, without dimension 0
  bool second_result = false;         // a tuple of (y, y + 1); `effect_second` changes the latter
  std::function<void(FakeBatch&)> effect_second;
  bool deliver_nothing = false;
  Status instance_failure;  // NewInstance returns it unless OK
  Status probe_failure;     // NewProbe returns it unless OK
};

// Facts of one method forward(x), with x of FP32 [-1, columns], proven by the static gate.
Facts FakeFacts(int64_t columns = 2);
// The same, but only that x is a tensor is known.
Facts FakeFactsUnknownShape();

// Threads: any. Lifetime: shared. Errors: as the script says.
class FakeModel final : public Model {
 public:
  // `journal` may be null; it outlives the model.
  FakeModel(Facts facts, FakeScript script, FakeJournal* journal = nullptr)
      : facts_(std::move(facts)), script_(std::move(script)), journal_(journal) {}

  const Facts& facts() const override { return facts_; }
  Result<std::unique_ptr<Instance>> NewInstance() override;
  Result<std::unique_ptr<Instance>> NewProbe() override;

 private:
  const Facts facts_;
  const FakeScript script_;
  FakeJournal* const journal_;
};

// Loads what a test registered under the file's path; anything else is INVALID_ARGUMENT.
// Threads: any. Lifetime: outlives its models. Errors: Load, ResolveDevice.
class FakeBackend final : public Backend {
 public:
  void Register(const std::string& path, std::shared_ptr<Model> model);

  std::string name() const override { return "fake"; }
  std::string version() const override { return "1"; }
  Result<std::string> ResolveDevice(const std::string& wanted) override;
  Result<std::shared_ptr<Model>> Load(const std::string& path, const LoadOptions& options) override;

 private:
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Model>> models_;
};

}  // namespace flambeau
