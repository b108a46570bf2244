#include "batching/proof.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <limits>
#include <numeric>
#include <random>
#include <span>
#include <utility>

#include "batching/compare.h"
#include "batching/median.h"
#include "batching/result_leaves.h"
#include "batching/result_slots.h"

namespace flambeau {
namespace {

// Rows' answers have to differ by so many tolerances, and so many of them.
constexpr double kVisible = 100;
constexpr size_t kVisibleShare = 4;  // a quarter
// The noise floor is measured by one pair of runs; a third may be a little further off.
constexpr double kNoiseMargin = 4;
// Rows that fail are replaced by others, until so many times the rows wanted were tried.
constexpr size_t kMaxTries = 8;
// Batches of so many rows are always tried: what a run costs whatever its rows is a small part
// then.
constexpr int64_t kFewRows = 8;
// Shorter runs are no reason to leave sizes out.
constexpr Duration kLongRun = std::chrono::milliseconds(50);
// Of a row's cost: what twice the rows must save to be worth the wait for each other.
constexpr double kLeastGain = 0.03;

std::string Text(double number) {
  char buffer[32];
  std::snprintf(buffer, sizeof(buffer), "%.3g", number);
  return buffer;
}

Proof Refused(std::string reason) { return {Verdict::kRefused, std::move(reason)}; }
Proof Unproven(std::string reason) { return {Verdict::kUnproven, std::move(reason)}; }

struct Row {
  std::vector<Value> arguments;
  ResultLeaves alone;
};

// Indices into the pool, in the order of the batch.
using Order = std::vector<size_t>;

class RowProof {
 public:
  RowProof(Instance& instance, size_t method, RowSource& rows, const ProofOptions& options)
      : instance_(instance),
        method_(method),
        source_(rows),
        options_(options),
        random_(options.seed) {}

  ProofResult Run() {
    ProofResult result;
    max_rows_ = source_.Affordable(options_.max_batch_size);
    std::optional<Proof> end = Prepare();
    if (!end) end = TrySizes(&result.rows);
    if (!end && result.rows < 2) end = Unproven("there is no memory for a batch of two rows");
    result.proof = end ? *std::move(end) : Proof{Verdict::kProven, WhyNoMore(result.rows)};
    if (sample_) {
      result.sample_arguments = pool_[0].arguments;
      result.sample_result = std::move(sample_);
    }
    return result;
  }

 private:
  // From small to large, as far as they tell more.
  std::optional<Proof> TrySizes(int64_t* rows) {
    for (const int64_t size : Sizes()) {
      std::optional<Proof> end = Extend(size);
      const bool unproven = end && end->verdict == Verdict::kUnproven;
      if (unproven && *rows >= 2 && !stopped()) return std::nullopt;  // what was tried holds
      if (!end) end = CheckSize(static_cast<size_t>(size));
      if (end || out_of_memory_) return end;
      *rows = size;
      if (GainsNothing(size)) return std::nullopt;
    }
    return std::nullopt;
  }

  std::vector<int64_t> Sizes() const {
    std::vector<int64_t> sizes = {2, 3};
    for (int64_t size = 4; size < max_rows_; size *= 2) sizes.push_back(size);
    sizes.push_back(max_rows_);
    std::sort(sizes.begin(), sizes.end());
    sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
    std::erase_if(sizes, [&](int64_t size) { return size > max_rows_; });
    return sizes;
  }

  bool stopped() const { return options_.stop != nullptr && options_.stop->load(); }

  std::optional<Proof> Prepare() {
    if (max_rows_ < 2) return Unproven("batches of two rows are not allowed or too large to try");
    if (auto end = FillPool(std::min(kFewRows, max_rows_))) return end;
    // Rows that are quick are all made at once: more of them tell more.
    const bool slow = Median(run_times_) * kFewRows >= kLongRun;
    if (slow && !CheckVisible()) return std::nullopt;
    return MakeRows(max_rows_);
  }

  // For batches of `size`, and that they differ visibly.
  std::optional<Proof> MakeRows(int64_t size) {
    if (auto end = FillPool(size)) return end;
    return CheckVisible();
  }

  std::optional<Proof> Extend(int64_t size) {
    return pool_.size() < 2 * static_cast<size_t>(size) ? MakeRows(size) : std::nullopt;
  }

  // Twice `size` rows that each work alone: a batch, and a replacement for each row.
  std::optional<Proof> FillPool(int64_t size) {
    const size_t wanted = 2 * static_cast<size_t>(size);
    std::string why = "there is no memory for its rows";
    for (size_t tries = 0; pool_.size() < wanted && tries < kMaxTries * wanted; ++tries) {
      if (stopped()) return Unproven("the model was stopped before the proof had ended");
      if (pool_.empty() && tries >= wanted) break;  // nothing works; more will not either
      Row row{source_.Next(), {}};
      if (row.arguments.empty()) break;
      Result<Value> answer = RunAlone(row);
      if (!answer.ok()) {
        why = "rows made for the proof fail: " + std::string(Message(answer.status()));
        continue;
      }
      row.alone = LeavesOf(*answer);
      if (row.alone.tensors.empty()) return Unproven("the result holds no tensor to compare");
      if (!Finite(row.alone)) {
        why = "answers are not finite";
        continue;
      }
      if (auto end = CheckAlone(row)) return end;
      if (!sample_) sample_ = *std::move(answer);
      pool_.push_back(std::move(row));
    }
    if (pool_.size() < wanted) return Unproven("too few rows could be tried: " + why);
    return std::nullopt;
  }

  static bool Finite(const ResultLeaves& leaves) {
    return std::all_of(leaves.tensors.begin(), leaves.tensors.end(), [](const Tensor& tensor) {
      return LargestMagnitude(tensor) < std::numeric_limits<double>::infinity();
    });
  }

  // What one row's answer looks like must not depend on its values, and it must be one row.
  std::optional<Proof> CheckAlone(const Row& row) {
    for (const Tensor& tensor : row.alone.tensors) {
      if (tensor.shape().empty() || tensor.shape()[0] != 1) {
        return Refused("the result's dimension 0 does not follow the batch: one row gives " +
                       ToString(tensor.shape()));
      }
    }
    if (pool_.empty()) return std::nullopt;
    const ResultLeaves& first = pool_[0].alone;
    bool same = row.alone.rest == first.rest && row.alone.tensors.size() == first.tensors.size();
    for (size_t leaf = 0; same && leaf < first.tensors.size(); ++leaf) {
      same = row.alone.tensors[leaf].shape() == first.tensors[leaf].shape();
    }
    if (!same) return Refused("the result's structure or shape depends on the input's values");
    return std::nullopt;
  }

  // Sets the scales; every tensor of the result has to tell rows apart.
  std::optional<Proof> CheckVisible() {
    tolerances_.clear();
    for (size_t leaf = 0; leaf < pool_[0].alone.tensors.size(); ++leaf) {
      const DType dtype = pool_[0].alone.tensors[leaf].dtype();
      double scale = 0;
      for (const Row& row : pool_) {
        scale = std::max(scale, LargestMagnitude(row.alone.tensors[leaf]));
      }
      tolerances_.push_back(scale * RelativeTolerance(dtype, options_.device));
      // What mixes rows is seen against the noise floor, which is no larger on a GPU.
      const double least = kVisible * scale * RelativeTolerance(dtype);
      size_t visible = 0;
      for (size_t i = 1; i < pool_.size(); ++i) {
        const double difference =
            LargestDifference(pool_[i].alone.tensors[leaf], pool_[i - 1].alone.tensors[leaf]);
        if (difference > 0 && difference >= least) ++visible;
      }
      if (visible * kVisibleShare < pool_.size()) {
        return Unproven("different rows get nearly the same answers, which proves nothing");
      }
    }
    return std::nullopt;
  }

  std::optional<Proof> CheckSize(size_t size) {
    run_times_.clear();
    Order all(pool_.size());
    std::iota(all.begin(), all.end(), size_t{0});
    std::shuffle(all.begin(), all.end(), random_);
    const Order batch(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(size));
    const Order others(all.begin() + static_cast<std::ptrdiff_t>(size), all.end());

    std::vector<ResultLeaves> base;
    std::vector<ResultLeaves> again;
    if (auto end = RunTogether(batch, &base)) return end;
    if (auto end = RunTogether(batch, &again)) return end;
    if (out_of_memory_) return std::nullopt;
    if (auto end = MeasureNoise(base, again)) return end;

    Order reversed(batch.rbegin(), batch.rend());
    std::vector<ResultLeaves> results;
    if (auto end = RunTogether(reversed, &results)) return end;

    for (size_t bit = 1; bit < size && !out_of_memory_; bit *= 2) {
      for (const bool kept : {false, true}) {
        if (auto end = CheckNeighbours(batch, others, base, bit, kept)) return end;
      }
    }
    return std::nullopt;
  }

  // Keeps the rows whose position has (or has not) `bit`, and replaces all others.
  std::optional<Proof> CheckNeighbours(const Order& batch, const Order& others,
                                       const std::vector<ResultLeaves>& base, size_t bit,
                                       bool kept) {
    const auto keeps = [&](size_t position) { return ((position & bit) != 0) == kept; };
    Order changed = batch;
    for (size_t i = 0; i < changed.size(); ++i) {
      if (!keeps(i)) changed[i] = others[i];
    }
    std::vector<ResultLeaves> results;
    if (auto end = RunTogether(changed, &results)) return end;
    for (size_t i = 0; i < results.size(); ++i) {
      if (!keeps(i)) continue;
      for (size_t leaf = 0; leaf < noise_.size(); ++leaf) {
        const double moved = LargestDifference(results[i].tensors[leaf], base[i].tensors[leaf]);
        if (moved > kNoiseMargin * noise_[leaf]) {
          return Refused("in a batch of " + std::to_string(batch.size()) +
                         " a row's answer moved by " + Text(moved) +
                         " when other rows of the batch changed");
        }
      }
    }
    return std::nullopt;
  }

  std::optional<Proof> MeasureNoise(const std::vector<ResultLeaves>& base,
                                    const std::vector<ResultLeaves>& again) {
    noise_.assign(tolerances_.size(), 0);
    for (size_t i = 0; i < base.size(); ++i) {
      for (size_t leaf = 0; leaf < noise_.size(); ++leaf) {
        const double moved = LargestDifference(base[i].tensors[leaf], again[i].tensors[leaf]);
        noise_[leaf] = std::max(noise_[leaf], moved);
        if (moved > tolerances_[leaf]) {
          return Refused("the same batch of " + std::to_string(base.size()) +
                         " run twice gave answers that differ by " + Text(moved));
        }
      }
    }
    return std::nullopt;
  }

  // Whether the rows of the size just checked were not cheaper than those of the one before.
  bool GainsNothing(int64_t size) {
    if (options_.clock == nullptr) return false;
    const Duration run = Median(run_times_);
    const Duration before = std::exchange(row_time_, run / size);
    gains_nothing_ = size >= kFewRows && size < max_rows_ && run >= kLongRun &&
                     before > Duration::zero() && row_time_ > before * (1 - kLeastGain);
    return gains_nothing_;
  }

  std::string WhyNoMore(int64_t rows) const {
    if (!gains_nothing_) return "";
    return "more than " + std::to_string(rows) + " rows in a batch gain nothing here";
  }

  void RunTimed(std::span<const Item> items) {
    slots_.Reset(items.size());
    const TimePoint begin = Now();
    instance_.Run(items, slots_);
    run_times_.push_back(Now() - begin);
  }

  TimePoint Now() const { return options_.clock != nullptr ? options_.clock->Now() : TimePoint(); }

  Result<Value> RunAlone(const Row& row) {
    const Item item{method_, row.arguments, 1};
    RunTimed({&item, 1});
    return slots_.Take(0);
  }

  // One item per row, and every row compared with its answer alone. `results` stays empty if there
  // is no memory for a batch of this size.
  std::optional<Proof> RunTogether(const Order& order, std::vector<ResultLeaves>* results) {
    if (stopped()) return Unproven("the model was stopped before the proof had ended");
    std::vector<Item> items;
    items.reserve(order.size());
    for (const size_t row : order) items.push_back({method_, pool_[row].arguments, 1});
    RunTimed(items);
    for (const size_t row : order) {
      Result<Value> answer = slots_.Take(results->size());
      if (!answer.ok()) {
        results->clear();
        return Fail(order.size(), answer.status());
      }
      results->push_back(LeavesOf(*answer));
      if (auto end = CompareAlone(pool_[row].alone, results->back(), order.size())) return end;
    }
    return std::nullopt;
  }

  std::optional<Proof> Fail(size_t size, const Status& status) {
    if (status.code() == StatusCode::kResourceExhausted) {
      out_of_memory_ = true;
      return std::nullopt;
    }
    return Refused("a batch of " + std::to_string(size) +
                   " fails though each of its rows works: " + std::string(Message(status)));
  }

  std::optional<Proof> CompareAlone(const ResultLeaves& alone, const ResultLeaves& together,
                                    size_t size) const {
    if (alone.rest != together.rest || alone.tensors.size() != together.tensors.size()) {
      return Refused("a batch of " + std::to_string(size) +
                     " gives another structure or other scalars than one row");
    }
    for (size_t leaf = 0; leaf < alone.tensors.size(); ++leaf) {
      const double moved = LargestDifference(alone.tensors[leaf], together.tensors[leaf]);
      if (moved > tolerances_[leaf]) {
        return Refused("a row alone and in a batch of " + std::to_string(size) +
                       " gets answers that differ by " + Text(moved));
      }
    }
    return std::nullopt;
  }

  Instance& instance_;
  const size_t method_;
  RowSource& source_;
  const ProofOptions& options_;
  std::mt19937_64 random_;
  int64_t max_rows_ = 0;
  std::vector<Row> pool_;
  std::vector<double> tolerances_;   // per tensor of the result
  std::vector<double> noise_;        // the same, in the size under test
  std::vector<Duration> run_times_;  // of rows alone, then of the size under test
  Duration row_time_{};              // in the size before
  bool gains_nothing_ = false;
  bool out_of_memory_ = false;
  std::optional<Value> sample_;
  ResultSlots slots_;
};

}  // namespace

ProofResult ProveRowsIndependent(Instance& instance, size_t method, RowSource& rows,
                                 const ProofOptions& options) {
  return RowProof(instance, method, rows, options).Run();
}

}  // namespace flambeau
