#include "batching/optimization_trial.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>
#include <utility>

#include "batching/compare.h"
#include "batching/median.h"
#include "batching/result_leaves.h"
#include "batching/result_slots.h"
#include "batching/row_source.h"

namespace flambeau {
namespace {

constexpr uint64_t kSeed = 3;
// A backend profiles, compiles and tunes in its first runs.
constexpr int kWarmRuns = 3;
constexpr size_t kFewestRuns = 9;
constexpr size_t kMostRuns = 101;
constexpr Duration kTimedFor = std::chrono::milliseconds(500);
// Of the pairs of runs, so many have to be faster.
constexpr double kCertain = 0.75;
// Answers have to differ by so many tolerances between rows, or equal ones prove nothing.
constexpr double kVisible = 100;
// Of a model's time, on average; no size may lose more than that.
constexpr double kWorthwhile = 0.97;
constexpr double kTolerable = 1.03;
// Batches whose run takes longer are compared, not timed.
constexpr Duration kLongestTimedRun = std::chrono::milliseconds(100);

using Rows = std::vector<std::vector<Value>>;
using Answers = std::vector<ResultLeaves>;

std::string Times(double ratio) {
  char text[64];
  std::snprintf(text, sizeof(text), "%.2f times as fast", ratio);
  return text;
}

// One method with the rows that it is asked.
struct Question {
  size_t method = 0;
  Rows rows;
};

// An instance and how it answers.
class Candidate {
 public:
  Candidate(std::unique_ptr<Instance> instance, Clock* stopwatch)
      : instance_(std::move(instance)), stopwatch_(stopwatch) {}

  // The first `size` rows as one batch.
  Result<Answers> Ask(const Question& question, size_t size) {
    std::vector<Item> items;
    items.reserve(size);
    for (size_t i = 0; i < size; ++i) items.push_back({question.method, question.rows[i], 1});
    ResultSlots slots;
    slots.Reset(size);
    instance_->Run(items, slots);
    Answers answers;
    for (size_t i = 0; i < size; ++i) {
      FLAMBEAU_ASSIGN_OR_RETURN(const Value answer, slots.Take(i));
      answers.push_back(LeavesOf(answer));
    }
    return answers;
  }

  // Seconds that one run of every question takes.
  double Time(const std::vector<Question>& questions, size_t size) {
    const TimePoint begin = stopwatch_->Now();
    // Answers were looked at before, and are not again.
    for (const Question& question : questions) (void)Ask(question, size);
    return std::chrono::duration<double>(stopwatch_->Now() - begin).count();
  }

 private:
  std::unique_ptr<Instance> instance_;
  Clock* stopwatch_;
};

class Trial {
 public:
  Trial(Model* plain, const LoadOptimized& load, const TrialOptions& options, Clock* clock,
        Clock* stopwatch)
      : plain_(plain), load_(load), options_(options), clock_(clock), stopwatch_(stopwatch) {}

  TrialResult Run() {
    if (options_.allowed.empty()) return {};
    const TimePoint end = clock_->Now() + options_.budget;
    if (const auto why = Prepare()) return {{}, {"nothing is optimised: " + *why}};
    TrialResult result;
    for (const Optimization one : kOptimizations) {
      if (!options_.allowed.Has(one)) continue;
      const std::string name(Name(one));
      if (clock_->Now() >= end) {
        result.notes.push_back(name + " is not used: there was no time to try it");
        continue;
      }
      Optimizations wanted = result.kept;
      wanted.Add(one);
      double ratio = 1;
      if (const auto why = Try(wanted, &ratio)) {
        result.notes.push_back(name + " is not used: " + *why);
      } else {
        result.kept = wanted;
        result.notes.push_back(name + " is used: the same answers, " + Times(ratio));
      }
    }
    return result;
  }

 private:
  using Reason = std::optional<std::string>;

  // Asks the model as it is; a reason if its answers could tell nothing.
  Reason Prepare() {
    const Facts& facts = plain_->facts();
    if (facts.writes_state) return "the model writes its attributes";
    for (size_t method = 0; method < facts.methods.size(); ++method) {
      if (auto why = AddQuestion(facts.methods[method], method)) return why;
    }
    Result<std::unique_ptr<Instance>> instance = plain_->NewProbe();
    if (!instance.ok()) return "no copy of the model can be made";
    best_.emplace(*std::move(instance), stopwatch_);
    for (const Question& question : questions_) {
      if (auto why = Learn(question)) return why;
    }
    ChooseTimedSizes();
    return std::nullopt;
  }

  Reason AddQuestion(const MethodFacts& method, size_t index) {
    if (method.static_proof.verdict != Verdict::kProven) {
      return "values may choose the path through its method '" + method.name + "'";
    }
    const bool plain = std::all_of(
        method.arguments.begin(), method.arguments.end(), [](const ArgumentFact& argument) {
          return argument.kind == ValueKind::kTensor && !argument.optional;
        });
    std::optional<RowSource> source = RowSource::FromFacts(method, kSeed);
    if (!plain || !source) {
      return "the shapes or values that its method '" + method.name + "' takes are not known";
    }
    Question question{index, {}};
    const int64_t rows = std::max<int64_t>(source->Affordable(options_.max_batch_size), 2);
    if (!source->Extend(static_cast<size_t>(rows), &question.rows))
      return "there is no memory for the rows to try";
    questions_.push_back(std::move(question));
    return std::nullopt;
  }

  // The answers to hold others against, and how far from them they may be.
  Reason Learn(const Question& question) {
    Result<Answers> answers = best_->Ask(question, question.rows.size());
    if (!answers.ok()) return "its largest batch fails: " + std::string(Message(answers.status()));
    const size_t leaves = answers->front().tensors.size();
    if (leaves == 0) return "its result holds no tensor to compare";
    std::vector<double> tolerances;
    for (size_t leaf = 0; leaf < leaves; ++leaf) {
      double scale = 0;
      double difference = 0;
      for (const ResultLeaves& answer : *answers) {
        if (answer.tensors.size() != leaves) return "its result's structure varies";
        const Tensor& tensor = answer.tensors[leaf];
        scale = std::max(scale, LargestMagnitude(tensor));
        difference =
            std::max(difference, LargestDifference(tensor, answers->front().tensors[leaf]));
      }
      if (!std::isfinite(scale)) return "its answers are not finite";
      const DType dtype = answers->front().tensors[leaf].dtype();
      tolerances.push_back(scale * RelativeTolerance(dtype, plain_->facts().device));
      if (difference <= 0 || difference < kVisible * scale * RelativeTolerance(dtype)) {
        return "different rows get nearly the same answers, which proves nothing";
      }
    }
    known_.push_back(*std::move(answers));
    tolerances_.push_back(std::move(tolerances));
    return std::nullopt;
  }

  // One row, and the largest batch whose time can be told often enough.
  void ChooseTimedSizes() {
    sizes_ = {1};
    best_->Time(questions_, 1);
    const double one = best_->Time(questions_, 1);
    const double longest = std::chrono::duration<double>(kLongestTimedRun).count();
    size_t size = 1;
    while (2 * size <= largest() && one * static_cast<double>(2 * size) <= longest) size *= 2;
    if (size > 1) sizes_.push_back(size);
  }

  size_t largest() const {
    const auto fewest = std::min_element(
        questions_.begin(), questions_.end(),
        [](const Question& a, const Question& b) { return a.rows.size() < b.rows.size(); });
    return fewest->rows.size();
  }

  // A reason not to keep `wanted`. `ratio`: how many times as fast as the best so far it is.
  Reason Try(Optimizations wanted, double* ratio) {
    const Result<std::shared_ptr<Model>> model = load_(wanted);
    if (!model.ok()) return "it cannot be applied: " + std::string(Message(model.status()));
    if ((*model)->facts().optimizations == applied_) return "it finds nothing to do in this model";
    Result<std::unique_ptr<Instance>> instance = (*model)->NewProbe();
    if (!instance.ok()) return "no copy of the model can be made";
    Candidate candidate(*std::move(instance), stopwatch_);
    for (size_t i = 0; i < questions_.size(); ++i) {
      if (auto why = Compare(&candidate, i)) return why;
    }
    *ratio = Faster(&candidate);
    if (*ratio * kWorthwhile < 1) return "it saves too little time (" + Times(*ratio) + ")";
    best_.emplace(std::move(candidate));
    applied_ = (*model)->facts().optimizations;
    return std::nullopt;
  }

  // Rows one by one, often enough to meet what is compiled late; then all of them together.
  Reason Compare(Candidate* candidate, size_t index) const {
    const Question& question = questions_[index];
    for (size_t row = 0; row < std::min<size_t>(kWarmRuns + 1, question.rows.size()); ++row) {
      const Question alone{question.method, {question.rows[row]}};
      const Result<Answers> answers = candidate->Ask(alone, 1);
      if (auto why = Differs(answers, {known_[index][row]}, tolerances_[index])) return why;
    }
    const Result<Answers> answers = candidate->Ask(question, question.rows.size());
    return Differs(answers, known_[index], tolerances_[index]);
  }

  static Reason Differs(const Result<Answers>& answers, const Answers& known,
                        const std::vector<double>& tolerances) {
    if (!answers.ok()) return "the model fails with it: " + std::string(Message(answers.status()));
    for (size_t i = 0; i < known.size(); ++i) {
      const ResultLeaves& answer = (*answers)[i];
      bool same = answer.rest == known[i].rest && answer.tensors.size() == known[i].tensors.size();
      for (size_t leaf = 0; same && leaf < tolerances.size(); ++leaf) {
        same = LargestDifference(answer.tensors[leaf], known[i].tensors[leaf]) <= tolerances[leaf];
      }
      if (!same) return known.size() == 1 ? "it changes answers" : "it changes answers of batches";
    }
    return std::nullopt;
  }

  // 0 or more: how many times as fast as the best so far. One size that loses too much decides.
  double Faster(Candidate* candidate) {
    double sum = 0;
    for (const size_t size : sizes_) {
      for (int run = 0; run < kWarmRuns; ++run) {
        best_->Time(questions_, size);
        candidate->Time(questions_, size);
      }
      const double share = ShareOfTime(candidate, size);
      if (share > kTolerable) return 1 / share;
      sum += share;
    }
    return static_cast<double>(sizes_.size()) / std::max(sum, 1e-9);
  }

  // Both in turns, so that what else the machine does slows both. 1 if chance may have decided.
  double ShareOfTime(Candidate* candidate, size_t size) {
    std::vector<double> before;
    std::vector<double> after;
    int wins = 0;
    const TimePoint end = clock_->Now() + kTimedFor;
    while (before.size() < kFewestRuns || (before.size() < kMostRuns && clock_->Now() < end)) {
      const bool first = before.size() % 2 == 0;
      if (first) before.push_back(best_->Time(questions_, size));
      after.push_back(candidate->Time(questions_, size));
      if (!first) before.push_back(best_->Time(questions_, size));
      if (after.back() < before.back()) ++wins;
    }
    const double certain = kCertain * static_cast<double>(before.size());
    const double share = Median(std::move(after)) / std::max(Median(std::move(before)), 1e-9);
    return share < 1 && wins < certain ? 1 : share;
  }

  Model* const plain_;
  const LoadOptimized& load_;
  const TrialOptions& options_;
  Clock* const clock_;
  Clock* const stopwatch_;
  std::vector<Question> questions_;              // one per method
  std::vector<Answers> known_;                   // the same: by row
  std::vector<std::vector<double>> tolerances_;  // the same: by tensor of the result
  std::vector<size_t> sizes_;                    // of the batches that are timed
  std::optional<Candidate> best_;
  Optimizations applied_;  // in best_
};

}  // namespace

TrialResult TryOptimizations(Model* plain, const LoadOptimized& load, const TrialOptions& options,
                             Clock* clock, Clock* stopwatch) {
  return Trial(plain, load, options, clock, stopwatch).Run();
}

}  // namespace flambeau
